// SPDX-License-Identifier: Apache-2.0
//
// disconnect-guard= (stacd/guard.h), as stories (driver.h and guard_rows.h have the notation): what "warn" says and
// "hold" keeps, whatever the evidence, until when, and how that shows. Which connection is the last path that works:
// connector_guard_paths_test.cpp; how somebody lets go: connector_guard_release_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/guard_rows.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_guarded); }

TEST(ConnectorGuard, WarnCutsAllTheSameAndSaysWhatWasInUse) {
  check({
      {"by default; at the same time as ever",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          --
          journal
          conf
          wait 100)",
       "0s inspect nvme0\n"
       "1.5s warning: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - The last path to what is in use is cut: nvme0n1 is "
       "mounted "
       "on /srv (disconnect-guard=warn)\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"},
      {"an answer that does not come delays nothing",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=warn
          stafd up
          usage nvme0 hangs
          --
          conf disconnect-guard=warn
          wait 100)",
       "0s inspect nvme0\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"off: nobody asks",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=off
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          --
          conf disconnect-guard=off
          wait 100)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"an order to disconnect that fails: warned of once",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          target nvme0 undeletable
          conf
          wait 1.4
          journal
          --
          wait 8)",
       "0.1s warning: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - The last path to what is in use is cut: nvme0n1 is "
       "mounted "
       "on /srv (disconnect-guard=warn)\n"
       "0.1s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "0.1s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "0.1s error: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Failed to disconnect. cannot delete nvme0\n"
       "3.1s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
  });
}

TEST(ConnectorGuard, HoldKeepsWhatIsInUse) {
  check({
      {"until nothing uses it; told once",
       R"(guarded 10.0.0.1/nqn.a
          --
          journal
          conf disconnect-guard=hold
          wait 100
          usage nvme0 free
          wait 30)",
       "1.5s inspect nvme0\n"
       "1.5s warning: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - kept: no longer configured, but nvme0n1 is mounted on "
       "/srv "
       "(disconnect-guard=hold; `stacctl release` lets go)\n"
       "20s inspect nvme0\n40s inspect nvme0\n60s inspect nvme0\n80s inspect nvme0\n100s inspect nvme0\n"
       "120s inspect nvme0\n"
       "120s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "120s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "120s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"},
      {"what gets its connection when there is evidence against it already",
       R"(start disconnect-guard=hold
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c
          stafd hangs
          restart
          hold 10.0.0.3 connect
          vanish nvme0
          wait 100
          usage nvme0 nvme0n1 is mounted on /srv
          lists 10.0.0.9
          stafd answers
          --
          wait 1
          release
          wait 15)",
       "1.5s inspect nvme0\n"},
      {"what is not used goes after its soak, as ever",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 free
          --
          conf disconnect-guard=hold
          wait 100)",
       "1.5s inspect nvme0\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"whoever cannot tell, or does not in time, counts as in use",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b | disconnect-guard=hold
          stafd up
          usage nvme0 hangs
          usage nvme1 fails
          --
          journal
          conf disconnect-guard=hold
          wait 10
          ls)",
       "1.5s inspect nvme0\n"
       "1.5s inspect nvme1\n"
       "1.5s warning: (tcp, 10.0.0.2, 8009, nqn.b) | nvme1 - kept: no longer configured, but whether it is in use "
       "cannot "
       "be found out: no /proc (disconnect-guard=hold; `stacctl release` lets go)\n"
       "6.5s warning: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - kept: no longer configured, but whether it is in use was "
       "not found out in time (disconnect-guard=hold; `stacctl release` lets go)\n"
       "10s ls 10.0.0.1/nqn.a nvme0\n"
       "10s ls 10.0.0.2/nqn.b nvme1\n"},
      {"whatever the evidence is",
       R"(start disconnect-guard=hold
          stafd up
          lists 10.0.0.9 10.0.0.1/nqn.a 10.0.0.2/nqn.b 10.0.0.3/nqn.c
          wait 20
          usage nvme0 nvme0n1 is swap space
          usage nvme1 nvme1n1 is swap space
          usage nvme2 nvme2n1 is swap space
          --
          lists 10.0.0.9 10.0.0.2/nqn.b 10.0.0.3/nqn.c
          conf disconnect-guard=hold | include=nqn=nqn.c
          wait 5
          conf disconnect-guard=hold | include=nqn=nqn.c | ip-family=ipv6
          wait 5
          ls)",
       "1.5s inspect nvme0\n"
       "1.5s inspect nvme1\n"
       "6.5s inspect nvme2\n"
       "10s ls 10.0.0.1/nqn.a nvme0\n"
       "10s ls 10.0.0.2/nqn.b nvme1\n"
       "10s ls 10.0.0.3/nqn.c nvme2\n"},
      {"also what somebody else made",
       R"(start disconnect-scope=all-connections-matching-disconnect-trtypes | disconnect-guard=hold
          stafd up
          wait 20
          usage nvme5 nvme5n1 is mounted on /srv
          --
          device nvme5 10.0.0.1/nqn.a
          wait 9
          usage nvme5 free
          wait 20)",
       "1.5s inspect nvme5\n"
       "20s inspect nvme5\n"
       "20s disconnect nvme5 10.0.0.1/nqn.a (not wanted by anything)\n"},
      {"an exclude= line means it",
       R"(guarded 10.0.0.1/nqn.a
          --
          conf controller=10.0.0.1/nqn.a | disconnect-guard=hold | exclude=nqn=nqn.a
          wait 10)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (excluded by an exclude= line)\n"},
      {"named again it is wanted as before, and its next end is looked at anew",
       R"(guarded 10.0.0.1/nqn.a
          conf disconnect-guard=hold
          wait 10
          --
          conf controller=10.0.0.1/nqn.a | disconnect-guard=hold
          usage nvme0 free
          wait 30
          conf disconnect-guard=hold
          wait 10)",
       "31.5s inspect nvme0\n"
       "31.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"an answer from before the evidence says nothing",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 free
          target nvme0 undeletable
          conf disconnect-guard=hold
          wait 1.5
          conf controller=10.0.0.1/nqn.a | disconnect-guard=hold
          usage nvme0 nvme0n1 is mounted on /srv
          target nvme0 deletable
          --
          conf disconnect-guard=hold
          wait 4
          ls)",
       "1.5s inspect nvme0\n"
       "4s ls 10.0.0.1/nqn.a nvme0\n"},
      {"nor does one that is old by the time of the next attempt",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 free
          target nvme0 undeletable
          --
          conf disconnect-guard=hold
          wait 15
          usage nvme0 nvme0n1 is mounted on /srv
          wait 60
          ls)",
       "1.5s inspect nvme0\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "4.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "10.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "20s inspect nvme0\n40s inspect nvme0\n60s inspect nvme0\n"
       "75s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a restart forgets it, and finds it out again",
       R"(kept 10.0.0.1/nqn.a
          --
          restart
          wait 5
          conf disconnect-guard=hold
          wait 5
          ls)",
       "1.5s inspect nvme0\n"
       "10s ls 10.0.0.1/nqn.a nvme0\n"},
      {"what is kept and lost is not connected again",
       R"(kept 10.0.0.1/nqn.a
          --
          vanish nvme0
          wait 100
          ls)",
       ""},
      {"another name for it in the same file: nobody asks",
       R"(iface eth0 10.0.0.9
          guarded 10.0.0.1/nqn.a
          --
          conf controller=10.0.0.1/nqn.a%eth0 | disconnect-guard=hold
          wait 100
          ls)",
       "100s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
      {"nor for a name whose own connection does not work: they change places",
       R"(iface eth0 10.0.0.9
          device nvme0 10.0.0.1/nqn.a%eth0 src_addr=10.0.0.9
          device nvme1 10.0.0.1/nqn.a%eth0 state=connecting
          guarded 10.0.0.1/nqn.a 10.0.0.1/nqn.a%eth0
          usage nvme1 nvme0n1 is mounted on /srv
          wait 100
          --
          conf controller=10.0.0.1/nqn.a%eth0 | disconnect-guard=hold
          wait 100
          ls)",
       "1.5s disconnect nvme1 10.0.0.1/nqn.a (no longer configured)\n"
       "100s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
      {"two names that should both go do not change places, one of them down",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a%eth0 | controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          device nvme7 10.0.0.1/nqn.a state=connecting
          usage nvme0 nvme0n1 is mounted on /srv
          usage nvme7 nvme0n1 is mounted on /srv
          ls
          wait 100
          --
          conf disconnect-guard=hold
          wait 5
          ls)",
       "1.5s inspect nvme0\n"
       "1.5s inspect nvme7\n"
       "5s ls 10.0.0.1/nqn.a%eth0 nvme0\n"
       "5s ls 10.0.0.1/nqn.a nvme7\n"},
      {"another name takes it over",
       R"(iface eth0 10.0.0.9
          kept 10.0.0.1/nqn.a
          --
          conf controller=10.0.0.1/nqn.a%eth0 | disconnect-guard=hold
          wait 100
          ls)",
       "100s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
  });
}

TEST(ConnectorGuard, ShowsInPlanExplainAndHealth) {
  check({
      {"before a reload: what would be cut unless it is in use then",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          --
          plan disconnect-guard=hold)",
       "0s plan 1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured; kept if it is in use then) [was old:2]\n"},
      {"what was in use once says nothing about the next time",
       R"(kept 10.0.0.1/nqn.a
          conf controller=10.0.0.1/nqn.a | disconnect-guard=hold
          wait 5
          --
          plan disconnect-guard=hold)",
       "0s plan 1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured; kept if it is in use then) [was old:2]\n"},
      {"afterwards",
       R"(kept 10.0.0.1/nqn.a
          --
          plan disconnect-guard=hold
          plan disconnect-guard=off
          explain nqn.a
          health)",
       "0s plan hold nvme0 10.0.0.1/nqn.a (no longer configured, but nvme0n1 is mounted on /srv)\n"
       "0s plan disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "0s explain 10.0.0.1/nqn.a held (no longer configured, but nvme0n1 is mounted on /srv) since 5.0s [once a "
       "controller= line] {conf [I/O controller connection management]: disconnect-guard=hold: keeps the connection "
       "for "
       "now; `stacctl release nqn.a` lets go} on nvme0 live bound 5.0s\n"
       "0s health ok\n"
       "0s   nqn.a ok 0/0, held 1, others 1\n"},
  });
}

}  // namespace
}  // namespace stas::story
