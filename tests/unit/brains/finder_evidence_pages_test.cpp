// SPDX-License-Identifier: Apache-2.0
//
// Law 2 of stafd as stories (driver.h has the notation): nothing is ended but what somebody removed. Here: a page that
// may not say all. Entries that cannot be used, and what a controller lists that has just come back. Referrals on a
// page: finder_referrals_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderEvidence, APageThatMayNotSayAll) {
  check({
      {"an entry that cannot be used may be the one that is missing",
       R"(page 10.0.0.1 referral=10.0.0.2 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          page 10.0.0.1 nqn.a skipped=
          --
          aen nvme0
          wait 200
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "200s ls 10.0.0.1 configured nvme0 entries=2\n200s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"... with another NQN it is not",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          page 10.0.0.1 nqn.a skipped=nqn.c
          --
          aen nvme0
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n0s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"... with the same NQN it may be; a page without it decides",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          page 10.0.0.1 nqn.a skipped=nqn.b
          --
          aen nvme0
          ls
          page 10.0.0.1 nqn.a
          wait 20
          aen nvme0
          ls)",
       "0s page 10.0.0.1\n0s ls 10.0.0.1 configured nvme0 entries=2\n20s page 10.0.0.1\n"
       "20s signal log_pages_changed 10.0.0.1 nvme0\n20s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"just back with an empty page: not believed until it has been read for 30 s",
       R"(page 10.0.0.1 nqn.a referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          page 10.0.0.1
          --
          reconnected nvme0
          wait 29
          ls
          wait 5
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "5s page 10.0.0.1\n10s page 10.0.0.1\n15s page 10.0.0.1\n20s page 10.0.0.1\n25s page 10.0.0.1\n"
       "29s ls 10.0.0.1 configured nvme0 entries=2\n29s ls 10.0.0.2 referral nvme1 entries=0\n"
       "30s page 10.0.0.1\n30s signal log_pages_changed 10.0.0.1 nvme0\n"
       "31.5s disconnect nvme1 10.0.0.2 (no longer referred to)\n31.5s signal dc_removed\n"
       "34s ls 10.0.0.1 configured nvme0 entries=0\n34s ls ended 10.0.0.2\n"},
      {"new in a page that is doubted, and then not usable: it stays, now and when the page is believed",
       R"(page 10.0.0.1 nqn.a nqn.b nqn.c
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          page 10.0.0.1 nqn.new
          reconnected nvme0
          wait 2
          page 10.0.0.1 skipped=nqn.new
          aen nvme0
          wait 2
          --
          ls
          wait 60
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=4\n3s page 10.0.0.1\n8s page 10.0.0.1\n13s page 10.0.0.1\n"
       "18s page 10.0.0.1\n23s page 10.0.0.1\n26s page 10.0.0.1\n26s signal log_pages_changed 10.0.0.1 nvme0\n"
       "60s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"just back with an empty page, and under another name: what it listed by the old one is expected",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1/nqn.dc
          mdns
          wait 100
          target 10.0.0.1 down
          vanish nvme0
          page 10.0.0.1
          conf pleo=disabled | controller=10.0.0.1
          target 10.0.0.1 up
          wait 10
          --
          ls
          page 10.0.0.1 nqn.a nqn.b
          wait 30
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=2\n0s ls ended 10.0.0.1/nqn.dc\n3s page 10.0.0.1\n"
       "30s ls 10.0.0.1 configured nvme0 entries=2\n30s ls ended 10.0.0.1/nqn.dc\n"},
      {"what a page says of its own controller does not count: the one subsystem is most of it",
       R"(page 10.0.0.1 self=10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          wait 100
          page 10.0.0.1 self=10.0.0.1
          --
          reconnected nvme0
          wait 4
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n4s ls 10.0.0.1 configured nvme0 entries=2\n"},
      {"it fills up again in time: nothing was lost, and what is new counts at once",
       R"(page 10.0.0.1 nqn.a nqn.b nqn.c
          start pleo=disabled | controller=10.0.0.1
          wait 100
          target 10.0.0.1 down
          vanish nvme0
          wait 10
          target 10.0.0.1 up
          page 10.0.0.1 nqn.d
          wait 20
          ls
          page 10.0.0.1 nqn.a nqn.b nqn.c nqn.d
          --
          wait 10
          ls
          wait 100)",
       "2s page 10.0.0.1\n2s signal log_pages_changed 10.0.0.1 nvme0\n"
       "10s ls 10.0.0.1 configured nvme0 entries=4\n"},
      {"... the same after a restart",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          wait 100
          page 10.0.0.1
          --
          restart
          wait 10
          ls
          wait 30
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n5s page 10.0.0.1\n10s page 10.0.0.1\n"
       "10s ls 10.0.0.1 configured nvme0 entries=2\n"
       "15s page 10.0.0.1\n20s page 10.0.0.1\n25s page 10.0.0.1\n30s page 10.0.0.1\n"
       "30s signal log_pages_changed 10.0.0.1 nvme0\n40s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"half of it is gone: that is believed",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          wait 100
          page 10.0.0.1 nqn.a
          --
          reconnected nvme0
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n0s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"a connection that is older: believed at once",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          wait 100
          reconnected nvme0
          wait 61
          page 10.0.0.1
          --
          aen nvme0
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n0s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"the first empty page was on its way when the connection was lost again: told once",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          hold 10.0.0.1 page
          page 10.0.0.1
          aen nvme0
          wait 1
          change nvme0 state=connecting
          change nvme0 state=live
          --
          journal
          release
          wait 3)",
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=0).\n"
       "0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s page 10.0.0.1\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=0).\n"
       "0s warning: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - It has just come back and "
       "lists 0 where it listed 2 before; it is read again before that is believed\n"
       "0s signal log_pages_changed 10.0.0.1 nvme0\n"},
  });
}

}  // namespace
}  // namespace stas::story
