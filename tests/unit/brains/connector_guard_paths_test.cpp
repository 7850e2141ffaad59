// SPDX-License-Identifier: Apache-2.0
//
// disconnect-guard= is about the last path that works (stacd/guard.h), as stories (driver.h and guard_rows.h have the
// notation): which other one counts, what becomes of a cut when that one is lost before, during or after it, and
// several that go at once.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/guard_rows.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_guarded); }

TEST(ConnectorGuard, IsAboutTheLastPath) {
  check({
      {"another one stays: nobody asks",
       R"(guarded 10.0.0.1/nqn.a 10.0.0.2/nqn.a
          --
          conf controller=10.0.0.2/nqn.a | disconnect-guard=hold
          wait 10)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"also one that somebody else made",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          device nvme9 10.0.0.2/nqn.a
          usage nvme0 nvme0n1 is mounted on /srv
          --
          conf disconnect-guard=hold
          wait 10)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"the other one does not work",
       R"(guarded 10.0.0.1/nqn.a 10.0.0.2/nqn.a
          change nvme1 state=connecting
          wait 100
          --
          conf controller=10.0.0.2/nqn.a | disconnect-guard=hold
          wait 10
          change nvme1 state=live
          wait 10)",
       "1.5s inspect nvme0\n"
       "10s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"the other one is lost, and nobody was told: it shows when the order is carried out",
       R"(guarded 10.0.0.1/nqn.a 10.0.0.2/nqn.a
          wait 100
          alter nvme1 state=connecting
          --
          journal
          conf controller=10.0.0.2/nqn.a | disconnect-guard=hold
          wait 100
          ls
          change nvme1 state=live
          wait 100
          ls)",
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s warning: (tcp, 10.0.0.2, 8009, nqn.a) | nvme1 - Connection lost; trying to reconnect\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Not disconnected. nvme0: no other path is live any more\n"
       "1.5s inspect nvme0\n"
       "1.5s warning: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - kept: no longer configured, but nvme0n1 is mounted on "
       "/srv (disconnect-guard=hold; `stacctl release` lets go)\n"
       "20s inspect nvme0\n40s inspect nvme0\n60s inspect nvme0\n80s inspect nvme0\n100s inspect nvme0\n"
       "100s ls 10.0.0.1/nqn.a nvme0\n"
       "100s ls 10.0.0.2/nqn.a nvme1\n"
       "100s info: (tcp, 10.0.0.2, 8009, nqn.a) | nvme1 - Connection restored\n"
       "100s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "100s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "100s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"
       "200s ls 10.0.0.2/nqn.a nvme1\n"},
      {"the same where it is only told",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          wait 100
          alter nvme1 state=connecting
          --
          journal
          conf controller=10.0.0.2/nqn.a
          wait 100
          ls)",
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s warning: (tcp, 10.0.0.2, 8009, nqn.a) | nvme1 - Connection lost; trying to reconnect\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Not disconnected. nvme0: no other path is live any more\n"
       "1.5s inspect nvme0\n"
       "4.5s warning: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - The last path to what is in use is cut: nvme0n1 is "
       "mounted on /srv (disconnect-guard=warn)\n"
       "4.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "4.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "4.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"
       "100s ls 10.0.0.2/nqn.a nvme1\n"},
      {"a released one relies on nobody",
       R"(guarded 10.0.0.1/nqn.a 10.0.0.2/nqn.a
          wait 100
          alter nvme1 state=connecting
          --
          conf controller=10.0.0.2/nqn.a | disconnect-guard=hold
          wait 1
          released nqn.a
          wait 100
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "101s ls 10.0.0.2/nqn.a nvme1\n"},
      {"the other one is lost during the soak",
       R"(guarded 10.0.0.1/nqn.a 10.0.0.2/nqn.a
          wait 100
          --
          conf controller=10.0.0.2/nqn.a | disconnect-guard=hold
          wait 1
          target 10.0.0.2 down
          vanish nvme1
          wait 3
          ls)",
       "1.5s inspect nvme0\n"
       "4s connect 10.0.0.2/nqn.a\n"
       "4s ls 10.0.0.1/nqn.a nvme0\n"
       "4s ls 10.0.0.2/nqn.a -\n"},
      {"all that are left should go: all of them stay",
       R"(guarded 10.0.0.1/nqn.a 10.0.0.2/nqn.a
          usage nvme1 nvme0n1 is mounted on /srv
          --
          conf disconnect-guard=hold
          wait 5
          ls)",
       "1.5s inspect nvme0\n"
       "1.5s inspect nvme1\n"
       "5s ls 10.0.0.1/nqn.a nvme0\n"
       "5s ls 10.0.0.2/nqn.a nvme1\n"},
      {"a cut that failed, and is ordered again: looked at like the first one",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | disconnect-guard=hold
          stafd up
          wait 100
          usage nvme0 nvme0n1 is mounted on /srv
          target nvme0 undeletable
          conf controller=10.0.0.2/nqn.a | disconnect-guard=hold
          wait 2
          --
          change nvme1 state=connecting
          wait 20
          ls)",
       "0s inspect nvme0\n"
       "18s inspect nvme0\n"
       "20s ls 10.0.0.1/nqn.a nvme0\n"
       "20s ls 10.0.0.2/nqn.a nvme1\n"},
      {"one is being cut while the other's time comes",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme1 nvme0n1 is mounted on /srv
          hold 10.0.0.1 disconnect
          conf controller=10.0.0.2/nqn.a | disconnect-guard=hold
          wait 5
          --
          conf disconnect-guard=hold
          wait 5
          ls)",
       "1.5s inspect nvme1\n"
       "5s ls 10.0.0.1/nqn.a nvme0\n"
       "5s ls 10.0.0.2/nqn.a nvme1\n"},
      {"one is being cut and named again: it goes all the same",
       R"(start disconnect-guard=hold | controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a
          stafd up
          usage nvme1 is mounted
          hold 10.0.0.1 disconnect
          wait 100
          conf disconnect-guard=hold | controller=10.0.0.2/nqn.a
          wait 2
          --
          conf disconnect-guard=hold | controller=10.0.0.1/nqn.a
          wait 20
          ls)",
       "1.5s inspect nvme1\n"
       "18s inspect nvme1\n"
       "20s ls 10.0.0.1/nqn.a nvme0\n"
       "20s ls 10.0.0.2/nqn.a nvme1\n"},
  });
}

}  // namespace
}  // namespace stas::story
