// SPDX-License-Identifier: Apache-2.0
//
// When stacd tries again to connect, as stories (driver.h has the notation): waiting times, what is a good moment, that
// nobody waits for another, and what ends it. NCC: connector_ncc_test.cpp. Numbers with '#' are rows of the list of
// regressions, D-nn findings of the compatibility contract.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorPolicy, RetriesForAsLongAsItIsWanted) {
  check({
      {"3 s, doubled up to a minute",
       R"(target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          wait 200)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n21s connect 10.0.0.1/nqn.a\n"
       "45s connect 10.0.0.1/nqn.a\n93s connect 10.0.0.1/nqn.a\n153s connect 10.0.0.1/nqn.a\n"},
      {"the first failure is an error, the others are debug",
       R"(journal
          target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          wait 100
          target 10.0.0.1 up
          wait 60)",
       "0s connect 10.0.0.1/nqn.a\n"
       "0s error: (tcp, 10.0.0.1, 8009, nqn.a) Failed to connect to controller. no route to 10.0.0.1\n"
       "3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n21s connect 10.0.0.1/nqn.a\n45s connect 10.0.0.1/nqn.a\n"
       "93s connect 10.0.0.1/nqn.a\n153s connect 10.0.0.1/nqn.a\n"
       "153s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Connection established!\n"},
      {"an interface that comes up is a good moment, and the waiting times begin anew",
       R"(iface eth0 10.0.0.9
          link eth0 down
          target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          wait 50
          --
          link eth0 up
          wait 4
          target 10.0.0.1 up
          wait 10)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n"},
      {"so is the moment when the host wakes up",
       R"(target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          wait 50
          --
          resumed
          wait 4)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n"},
      {"one that flaps makes no storm",
       R"(iface eth0 10.0.0.9
          target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          link eth0 down
          link eth0 up
          wait 1
          link eth0 down
          link eth0 up
          wait 1
          link eth0 down
          link eth0 up
          wait 2.5)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n"},
      {"one dead address does not delay the others: #37, D-10",
       R"(hold 10.0.0.1 connect
          start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b | controller=10.0.0.1/nqn.c
          wait 100)",
       "0s connect 10.0.0.1/nqn.a\n0s connect 10.0.0.2/nqn.b\n0s connect 10.0.0.1/nqn.c\n"},
      {"the kernel gave it up after ctrl-loss-tmo: back 3 s later, or when it answers: #42",
       R"(start controller=10.0.0.1/nqn.a
          wait 20
          --
          target 10.0.0.1 down
          vanish nvme0
          wait 10
          target 10.0.0.1 up
          wait 60
          ls)",
       "3s connect 10.0.0.1/nqn.a\n6s connect 10.0.0.1/nqn.a\n12s connect 10.0.0.1/nqn.a\n"
       "70s ls 10.0.0.1/nqn.a nvme0\n"},
      {"news from stafd are a hint to try again: #42",
       R"(start
          stafd up
          target 10.0.0.1 down
          lists 10.0.0.1 nqn.a
          wait 100
          target 10.0.0.1 up
          --
          signal)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"its remove event was lost: the audit finds out: #2",
       R"(start controller=10.0.0.1/nqn.a
          wait 10
          --
          lose nvme0
          wait 60
          scan
          wait 60)",
       "63s connect 10.0.0.1/nqn.a\n"},
      {"a connection is lost without an event: the audit tells",
       R"(start controller=10.0.0.1/nqn.a
          wait 10
          journal
          --
          alter nvme0 state=connecting
          wait 60
          scan
          scan
          alter nvme0 state=live
          scan)",
       "60s warning: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Connection lost; trying to reconnect\n"
       "60s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Connection restored\n"},
      {"somebody is about to cut it: no loss is told",
       R"(start controller=10.0.0.1/nqn.a
          wait 10
          journal
          --
          alter nvme0 state=deleting
          scan)",
       ""},
      {"a scan that began before the connect ended does not undo it: #2",
       R"(conf controller=10.0.0.1/nqn.a
          scan
          --
          lose nvme0
          scan
          wait 1
          ls)",
       "1s ls 10.0.0.1/nqn.a nvme0\n"},
      {"excluded while its retry timer runs: #23",
       R"(target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          wait 1
          target 10.0.0.1 up
          --
          conf controller=10.0.0.1/nqn.a | exclude=nqn=nqn.a
          wait 600
          ls)",
       ""},
      {"unlisted while its retry timer runs: not connected by the timer: #23",
       R"(start
          stafd up
          target 10.0.0.1 down
          lists 10.0.0.1 nqn.a
          wait 2
          target 10.0.0.1 up
          --
          lists 10.0.0.1
          wait 600
          ls)",
       ""},
      {"SIGHUP while a connect is pending: no second one: #39, D-24",
       R"(hold 10.0.0.1 connect
          start controller=10.0.0.1/nqn.a
          wait 1
          --
          conf controller=10.0.0.1/nqn.a
          wait 100
          release
          ls)",
       "100s ls 10.0.0.1/nqn.a nvme0\n"},
      {"SIGHUP tries at once what waits",
       R"(target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          wait 4
          --
          conf controller=10.0.0.1/nqn.a)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"a connect that succeeds when nobody wants it any more is undone",
       R"(hold 10.0.0.1 connect
          start controller=10.0.0.1/nqn.a
          --
          conf
          wait 60
          release
          wait 60
          ls)",
       "60s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a connect that fails when nobody wants it any more is forgotten",
       R"(hold 10.0.0.1 connect
          start controller=10.0.0.1/nqn.a
          --
          conf
          wait 60
          target 10.0.0.1 down
          release
          wait 60
          ls)",
       ""},
      {"an administrator's nvme disconnect of a wanted controller is undone",
       R"(start controller=10.0.0.1/nqn.a
          --
          vanish nvme0
          wait 10)",
       "3s connect 10.0.0.1/nqn.a\n"},
      {"after Stop nothing is ordered",
       R"(target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          stafd up
          --
          stop
          lists 10.0.0.2 nqn.b
          wait 100)",
       ""},
  });
}

TEST(ConnectorEvidence, RetriesAreFair) {
  check({
      {"another controller is connected to the first address of a name: the second is tried all the same",
       R"(dns a.example 10.0.0.1 10.0.0.2
          start controller=10.0.0.1/nqn.z
          target 10.0.0.1 down
          --
          conf controller=10.0.0.1/nqn.z | controller=a.example/nqn.a
          wait 20
          ls)",
       "0s resolve a.example\n0s connect 10.0.0.1/nqn.a\n0s resolve a.example\n0s connect 10.0.0.2/nqn.a\n"
       "20s ls 10.0.0.1/nqn.z nvme0\n20s ls 10.0.0.2/nqn.a nvme1\n"},
      {"... and the name moves away from there",
       R"(dns a.example 10.0.0.1
          start controller=10.0.0.1/nqn.z
          target 10.0.0.1 down
          conf controller=10.0.0.1/nqn.z | controller=a.example/nqn.a
          wait 20
          --
          dns a.example 10.0.0.2
          conf controller=10.0.0.1/nqn.z | controller=a.example/nqn.a
          wait 20
          ls)",
       "0s resolve a.example\n0s connect 10.0.0.1/nqn.a\n0s connect 10.0.0.2/nqn.a\n20s ls 10.0.0.1/nqn.z nvme0\n"
       "20s ls 10.0.0.2/nqn.a nvme1\n"},
      {"a name with two addresses: the second is tried when the first does not answer",
       R"(target 10.0.0.1 down
          dns array 10.0.0.1 10.0.0.2
          --
          start controller=array/nqn.a
          wait 60
          ls)",
       "0s resolve array\n0s connect 10.0.0.1/nqn.a\n0s resolve array\n0s connect 10.0.0.2/nqn.a\n"
       "60s ls 10.0.0.2/nqn.a nvme0\n"},
      {"a chatty discovery controller is not the clock of a dead I/O controller",
       R"(target 10.0.0.1 down
          start
          stafd up
          lists 10.0.0.1 nqn.a
          wait 45
          --
          signal
          wait 4
          signal
          wait 4
          signal
          wait 4
          signal
          wait 4)",
       "3s connect 10.0.0.1/nqn.a\n"},
      {"a silent address over one interface does not delay it over the other",
       R"(hold 10.0.0.1 connect
          --
          start controller=10.0.0.1/nqn.a%eth0 | controller=10.0.0.1/nqn.a%eth1)",
       "0s connect 10.0.0.1/nqn.a%eth0\n0s connect 10.0.0.1/nqn.a%eth1\n"},
      {"a device that is going away is not adopted",
       R"(device nvme0 10.0.0.1/nqn.a state=deleting
          --
          start controller=10.0.0.1/nqn.a
          wait 4
          vanish nvme0
          wait 4
          ls)",
       "0s connect 10.0.0.1/nqn.a\n8s ls 10.0.0.1/nqn.a nvme1\n"},
      {"a connection that does not last is not tried every three seconds",
       R"(start controller=10.0.0.1/nqn.a
          vanish nvme0
          --
          wait 3
          vanish nvme0
          wait 6
          vanish nvme0
          wait 12
          vanish nvme0
          wait 60)",
       "3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n21s connect 10.0.0.1/nqn.a\n45s connect "
       "10.0.0.1/nqn.a\n"},
  });
}

}  // namespace
}  // namespace stas::story
