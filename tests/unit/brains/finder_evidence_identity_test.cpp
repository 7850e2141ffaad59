// SPDX-License-Identifier: Apache-2.0
//
// Law 2 of stafd as stories (driver.h has the notation): nothing is ended but what somebody removed. Here: a host NQN
// that changes, at a reload, at a restart or while something is being connected, and a host ID that does. stacd:
// connector_evidence_identity_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderEvidence, AChangedHostNqn) {
  check({
      {"what is connected stays as it is; what is new has the new one",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          hostnqn nqn.new
          --
          conf pleo=disabled | controller=10.0.0.1 | controller=10.0.0.2@nqn.new
          wait 200
          ls)",
       "0s page 10.0.0.1\n0s connect 10.0.0.2@nqn.new\n0s page 10.0.0.2@nqn.new\n"
       "0s signal log_pages_changed 10.0.0.2@nqn.new nvme1\n200s ls 10.0.0.1 configured nvme0 entries=0\n"
       "200s ls 10.0.0.2@nqn.new configured nvme1 entries=0\n"},
      {"told once",
       R"(start pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          hostnqn nqn.new
          hold 10.0.0.1 page
          journal
          --
          conf pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          wait 200)",
       "0s warning: The host NQN is nqn.new now; existing connections keep the one they were made with. Disconnect "
       "them (nvme disconnect) to have them made again under the new one\n0s page 10.0.0.1\n"},
      {"when its connection ends it goes on under the new one, and shows what it showed",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          hostnqn nqn.new
          wait 100
          conf pleo=disabled | controller=10.0.0.1
          wait 1
          --
          vanish nvme0
          ls
          wait 10
          ls)",
       "0s signal log_pages_changed 10.0.0.1@nqn.new nvme?\n0s ls 10.0.0.1@nqn.new configured - entries=1\n"
       "3s connect 10.0.0.1@nqn.new\n3s page 10.0.0.1@nqn.new\n"
       "3s signal log_pages_changed 10.0.0.1@nqn.new nvme0\n10s ls 10.0.0.1@nqn.new configured nvme0 entries=1\n"},
      {"over a restart; a referral too",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          hostnqn nqn.new
          --
          restart
          mdns
          wait 200
          ls)",
       "0s page 10.0.0.1\n0s page 10.0.0.2\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s signal log_pages_changed 10.0.0.2 nvme1\n"
       "200s ls 10.0.0.1 configured nvme0 entries=1\n200s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"while it is being connected: under the new one when that has failed",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.1 down
          vanish nvme0
          hold 10.0.0.1 connect
          wait 5
          hostnqn nqn.new
          --
          conf pleo=disabled | controller=10.0.0.1
          wait 5
          ls
          release
          target 10.0.0.1 up
          wait 10
          ls)",
       "5s ls 10.0.0.1 configured - entries=1\n5s signal log_pages_changed 10.0.0.1@nqn.new nvme?\n"
       "8s connect 10.0.0.1@nqn.new\n8s page 10.0.0.1@nqn.new\n"
       "8s signal log_pages_changed 10.0.0.1@nqn.new nvme0\n"
       "15s ls 10.0.0.1@nqn.new configured nvme0 entries=1\n"},
      {"while it is being connected: what it refers to stays",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.1 down
          vanish nvme0
          hold 10.0.0.1 connect
          wait 5
          hostnqn nqn.new
          --
          conf pleo=disabled | controller=10.0.0.1
          wait 20
          ls)",
       "0s page 10.0.0.2\n20s ls 10.0.0.1 configured - entries=1\n20s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"the host ID alone: told once, nothing is cut, and what is made anew has the new one",
       R"(start pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          hostid 22222222-2222-3333-4444-555555555555
          journal
          options
          --
          conf pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          wait 100
          conf pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          wait 100
          vanish nvme0
          wait 4
          ls)",
       "0s warning: The host ID is 22222222-2222-3333-4444-555555555555 now; existing connections keep the one they "
       "were made with, and the kernel may refuse new ones beside them until they are disconnected\n"
       "0s page 10.0.0.1\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=0).\n"
       "100s page 10.0.0.1\n"
       "100s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=0).\n"
       "200s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received \"remove\" event\n"
       "203s connect 10.0.0.1 kato=30 host-id=22222222-2222-3333-4444-555555555555\n"
       "203s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Connection established!\n"
       "203s page 10.0.0.1\n"
       "203s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=0).\n"
       "203s signal log_pages_changed 10.0.0.1 nvme0\n"
       "204s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"one with a host NQN of its own is another matter: its line is gone",
       R"(start pleo=disabled | controller=10.0.0.1@nqn.tenant
          mdns
          --
          conf pleo=disabled
          wait 10)",
       "0s page 10.0.0.1@nqn.tenant\n1.5s disconnect nvme0 10.0.0.1@nqn.tenant (no longer configured)\n"
       "1.5s signal dc_removed\n"},
  });
}

}  // namespace
}  // namespace stas::story
