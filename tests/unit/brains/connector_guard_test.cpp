// SPDX-License-Identifier: Apache-2.0
//
// What is kept in spite of the evidence (stacd/guard.h): disconnect-guard= and max-disconnects-per-minute=.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

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
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
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
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          --
          conf controller=10.0.0.1/nqn.a | disconnect-guard=hold | exclude=nqn=nqn.a
          wait 10)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (excluded by an exclude= line)\n"},
      {"named again it is wanted as before, and its next end is looked at anew",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
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
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          conf disconnect-guard=hold
          wait 5
          --
          restart
          wait 5
          conf disconnect-guard=hold
          wait 5
          ls)",
       "1.5s inspect nvme0\n"
       "10s ls 10.0.0.1/nqn.a nvme0\n"},
      {"what is kept and lost is not connected again",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          conf disconnect-guard=hold
          wait 5
          --
          vanish nvme0
          wait 100
          ls)",
       ""},
      {"another name for it in the same file: nobody asks",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          --
          conf controller=10.0.0.1/nqn.a%eth0 | disconnect-guard=hold
          wait 100
          ls)",
       "100s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
      {"nor for a name whose own connection does not work: they change places",
       R"(iface eth0 10.0.0.9
          device nvme0 10.0.0.1/nqn.a%eth0 src_addr=10.0.0.9
          device nvme1 10.0.0.1/nqn.a%eth0 state=connecting
          start controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.a%eth0 | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
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
          start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          conf disconnect-guard=hold
          wait 5
          --
          conf controller=10.0.0.1/nqn.a%eth0 | disconnect-guard=hold
          wait 100
          ls)",
       "100s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
  });
}

TEST(ConnectorGuard, IsAboutTheLastPath) {
  check({
      {"another one stays: nobody asks",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
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
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
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
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
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
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
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
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
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
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
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

TEST(ConnectorGuard, AnAdministratorLetsGo) {
  check({
      {"of all that leads to the subsystem, at once",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | controller=10.0.0.3/nqn.b | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          usage nvme1 nvme0n1 is mounted on /srv
          usage nvme2 nvme2n1 is mounted on /usr
          conf disconnect-guard=hold
          wait 5
          --
          released nqn.x
          released nqn.a
          ls)",
       "0s release 10.0.0.1/nqn.a\n"
       "0s release 10.0.0.2/nqn.a\n"
       "0s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "0s disconnect nvme1 10.0.0.2/nqn.a (no longer configured)\n"
       "0s ls 10.0.0.3/nqn.b nvme2\n"},
      {"what is wanted is not let go of, and the order is not kept for later",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          --
          released nqn.a
          conf disconnect-guard=hold
          wait 5
          ls)",
       "1.5s inspect nvme0\n"
       "5s ls 10.0.0.1/nqn.a nvme0\n"},
      {"nor after it was named again",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          target nvme0 undeletable
          conf disconnect-guard=hold
          wait 5
          released nqn.a
          conf controller=10.0.0.1/nqn.a | disconnect-guard=hold
          target nvme0 deletable
          --
          conf disconnect-guard=hold
          wait 15
          ls)",
       "1.5s inspect nvme0\n"
       "15s inspect nvme0\n"
       "15s ls 10.0.0.1/nqn.a nvme0\n"},
      {"it is told",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          conf disconnect-guard=hold
          wait 5
          journal
          --
          released nqn.a)",
       "0s release 10.0.0.1/nqn.a\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured, and released\n"
       "0s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"},
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
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          conf disconnect-guard=hold
          wait 5
          conf controller=10.0.0.1/nqn.a | disconnect-guard=hold
          wait 5
          --
          plan disconnect-guard=hold)",
       "0s plan 1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured; kept if it is in use then) [was old:2]\n"},
      {"afterwards",
       R"(start controller=10.0.0.1/nqn.a | disconnect-guard=hold
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          conf disconnect-guard=hold
          wait 5
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

TEST(ConnectorBudget, SoManyInAMinute) {
  check({
      {"the rest are kept, and go when there is room; told once",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b | controller=10.0.0.3/nqn.c
          stafd up
          --
          journal
          conf max-disconnects-per-minute=1
          wait 200)",
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s info: (tcp, 10.0.0.2, 8009, nqn.b) | nvme1 - kept: no longer configured, but max-disconnects-per-minute=1 "
       "is used up\n"
       "1.5s info: (tcp, 10.0.0.3, 8009, nqn.c) | nvme2 - kept: no longer configured, but max-disconnects-per-minute=1 "
       "is used up\n"
       "1.5s error: max-disconnects-per-minute=1 is used up. Connections that should be cut, and are kept for now: 2. "
       "`stacctl explain NQN` tells why, `stacctl release NQN` lets go\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"
       "61.5s info: (tcp, 10.0.0.2, 8009, nqn.b) | nvme1 - Disconnect initiated: no longer configured\n"
       "61.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n"
       "61.5s info: (tcp, 10.0.0.2, 8009, nqn.b) | nvme? - Removed: no longer configured\n"
       "121.5s info: (tcp, 10.0.0.3, 8009, nqn.c) | nvme2 - Disconnect initiated: no longer configured\n"
       "121.5s disconnect nvme2 10.0.0.3/nqn.c (no longer configured)\n"
       "121.5s info: (tcp, 10.0.0.3, 8009, nqn.c) | nvme? - Removed: no longer configured\n"},
      {"0 is no bound",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          --
          conf max-disconnects-per-minute=0
          wait 5)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n"},
      {"named again in time",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          --
          conf max-disconnects-per-minute=1
          wait 30
          conf max-disconnects-per-minute=1 | controller=10.0.0.2/nqn.b
          wait 200
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "230s ls 10.0.0.2/nqn.b nvme1\n"},
      {"one that cannot be cut takes no more than its turn",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          target nvme0 undeletable
          --
          conf max-disconnects-per-minute=2
          wait 50)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n"},
      {"what exclude= lines name as well; what is released goes at once",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          --
          conf max-disconnects-per-minute=1 | exclude=traddr=10.0.0.0/24
          wait 30
          plan max-disconnects-per-minute=1 | exclude=traddr=10.0.0.0/24
          explain nqn.b
          released nqn.b)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (excluded by an exclude= line)\n"
       "30s plan 31.5s disconnect nvme1 10.0.0.2/nqn.b (excluded by an exclude= line) [new:4]\n"
       "30s explain 10.0.0.2/nqn.b held (excluded by an exclude= line, but max-disconnects-per-minute=1 is used up) "
       "since "
       "30.0s until 31.5s [once a controller= line] {conf:4: exclude=traddr=10.0.0.0/24: refuses it} {conf [I/O "
       "controller connection management]: max-disconnects-per-minute=1: keeps the connection for now; `stacctl "
       "release "
       "nqn.b` lets go} on nvme1 live bound 30.0s\n"
       "30s release 10.0.0.2/nqn.b\n"
       "30s disconnect nvme1 10.0.0.2/nqn.b (excluded by an exclude= line)\n"},
      {"with the guard: what is in use takes no turn",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          --
          conf max-disconnects-per-minute=1 | disconnect-guard=hold
          wait 10)",
       "1.5s inspect nvme0\n"
       "1.5s inspect nvme1\n"
       "1.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n"},
      {"what it keeps is held for something else for a while: not told again",
       R"(start max-disconnects-per-minute=1 | controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.b
          stafd up
          wait 20
          conf max-disconnects-per-minute=1
          --
          journal
          wait 5
          unread 10.0.0.9
          wait 5
          lists 10.0.0.9
          wait 5)",
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.b) | nvme1 - kept: no longer configured, but max-disconnects-per-minute=1 "
       "is used up\n"
       "1.5s error: max-disconnects-per-minute=1 is used up. Connections that should be cut, and are kept for now: 1. "
       "`stacctl explain NQN` tells why, `stacctl release NQN` lets go\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"},
  });
}

}  // namespace
}  // namespace stas::story
