// SPDX-License-Identifier: Apache-2.0
//
// As connector_coexistence_test.cpp, for stafd: a discovery controller that the host-wide exclusion list names is not
// ended, so that nothing it listed is cut.
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderCoexistence, WhatBelongsToSomebodyElseIsNeverCut) {
  check({
      {"its line goes, its name goes, it stays",
       R"(device nvme4 10.0.0.1 owner=discoverd
          start pleo=disabled | controller=10.0.0.1
          --
          conf pleo=disabled
          wait 60
          ls)",
       "0s page 10.0.0.1\n5s signal dc_removed\n60s ls ended 10.0.0.1\n"},
      {"its line came and went before anybody had looked what exists",
       R"(device nvme4 10.0.0.1
          conf pleo=disabled | controller=10.0.0.1
          conf pleo=disabled
          --
          scan
          wait 60
          ls)",
       "5s signal dc_removed\n60s ls ended 10.0.0.1\n"},
      {"it is down, so nobody knows whether it leaves this host as the line said: it stays",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          device nvme4 10.0.0.1 state=connecting
          start pleo=disabled
          mdns
          conf pleo=disabled | controller=10.0.0.1%eth1
          wait 10
          --
          conf pleo=disabled
          wait 200)",
       "1.5s signal dc_removed\n"},
      {"at a stop with persistent-connections=false",
       R"(device nvme4 10.0.0.1 owner=discoverd
          start pleo=disabled | persistent-connections=false | controller=10.0.0.1 | controller=10.0.0.2
          --
          stop)",
       "0s disconnect nvme0 10.0.0.2 (stopping with persistent-connections=false)\n"},
  });
}

TEST(FinderCoexistence, TheHostWideListKeepsFromConnectingAndEndsNothing) {
  check({
      {"a line, an announcement, a referral",
       R"(hostlist traddr=10.0.0.1 | traddr=10.0.0.2 | traddr=10.0.0.5
          page 10.0.0.3 referral=10.0.0.5
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.3
          mdns 10.0.0.2%eth0
          wait 60
          why)",
       "0s connect 10.0.0.3\n0s page 10.0.0.3\n0s signal log_pages_changed 10.0.0.3 nvme0\n"
       "60s why 10.0.0.3 wanted: configured\n60s why 10.0.0.1 refused: excluded by the host-wide exclusion list\n"
       "60s why 10.0.0.2%eth0 refused: excluded by the host-wide exclusion list\n"
       "60s why 10.0.0.5 refused: excluded by the host-wide exclusion list\n"},
      {"what is connected stays; lost, it is shown and not connected until the entry goes",
       R"(start pleo=disabled | controller=10.0.0.1
          --
          hostlist traddr=10.0.0.1
          wait 60
          ls
          vanish nvme0
          wait 60
          ls
          why
          hostlist
          wait 1)",
       "60s ls 10.0.0.1 configured nvme0 entries=0\n120s ls 10.0.0.1 configured - entries=0\n"
       "120s why 10.0.0.1 held for list:2 says not to connect it, at rest\n120s connect 10.0.0.1\n120s page 10.0.0.1\n"
       "120s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"over a restart",
       R"(start pleo=disabled | controller=10.0.0.1
          hostlist traddr=10.0.0.1
          --
          restart
          wait 60
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n60s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"its line goes as well",
       R"(start pleo=disabled | controller=10.0.0.1
          hostlist traddr=10.0.0.1
          --
          conf pleo=disabled
          wait 60)",
       "0s page 10.0.0.1\n5s disconnect nvme0 10.0.0.1 (no longer configured)\n5s signal dc_removed\n"},
      {"... while the line is in doubt: not",
       R"(start pleo=disabled | controller=10.0.0.1
          hostlist traddr=10.0.0.1
          doubt 10.0.0.1
          --
          conf pleo=disabled
          wait 60
          ls)",
       "0s page 10.0.0.1\n60s ls 10.0.0.1 configured nvme0 entries=0\n"},
  });
}

}  // namespace
}  // namespace stas::story
