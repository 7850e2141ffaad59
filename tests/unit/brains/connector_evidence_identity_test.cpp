// SPDX-License-Identifier: Apache-2.0
//
// Law 2 of stacd as stories (driver.h has the notation): nothing is cut but what somebody removed. Here: who and by
// which name. A host NQN that changes, at a reload or restart, here or in stafd, and several names of one connection.
// stafd: finder_evidence_identity_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorEvidence, AChangedIdentityKeepsWhatExists) {
  check({
      {"the host NQN changes: connections stay, new ones use it, and so does the next one of the same controller",
       R"(start controller=10.0.0.1/nqn.a
          --
          hostnqn nqn.other
          conf controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          wait 600
          ls
          vanish nvme0
          wait 10
          ls)",
       "0s connect 10.0.0.2/nqn.b@nqn.other\n"
       "600s ls 10.0.0.1/nqn.a nvme0\n600s ls 10.0.0.2/nqn.b@nqn.other nvme1\n"
       "600s connect 10.0.0.1/nqn.a@nqn.other\n"
       "610s ls 10.0.0.2/nqn.b@nqn.other nvme1\n610s ls 10.0.0.1/nqn.a@nqn.other nvme0\n"},
      {"... at a restart",
       R"(start controller=10.0.0.1/nqn.a
          --
          hostnqn nqn.other
          restart
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... at a restart, with a stafd that does not answer",
       R"(start controller=10.0.0.1/nqn.a
          stafd hangs
          stafd up
          --
          hostnqn nqn.other
          restart
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... and what a page lists",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          hostnqn nqn.other
          conf
          drops 10.0.0.1
          lists 10.0.0.1@nqn.other nqn.a
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... which a page lists under the old one, when the connection was made again",
       R"(start controller=10.0.0.1/nqn.a
          hostnqn nqn.other
          conf controller=10.0.0.1/nqn.a
          vanish nvme0
          wait 10
          --
          stafd up
          lists 10.0.0.1 nqn.a
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a@nqn.other nvme0\n"},
      {"a removed line is removed all the same",
       R"(start controller=10.0.0.1/nqn.a
          wait 20
          --
          hostnqn nqn.other
          conf
          wait 600
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"the host NQN of stafd is not known yet: a name that does not answer has its back-off",
       R"(start controller=10.0.0.9/nqn.x
          stafd up
          lists 10.0.0.1 nqn.a
          wait 100
          target 10.0.0.1 down
          change nvme1 state=connecting
          drops 10.0.0.1
          --
          lists 10.0.0.1@nqn.other nqn.a
          wait 1
          signal
          wait 1
          lists 10.0.0.2 nqn.b
          wait 10
          ls)",
       "0s connect 10.0.0.1/nqn.a@nqn.other\n"
       "2s connect 10.0.0.2/nqn.b\n"
       "3s connect 10.0.0.1/nqn.a@nqn.other\n"
       "9s connect 10.0.0.1/nqn.a@nqn.other\n"
       "12s ls 10.0.0.9/nqn.x nvme0\n"
       "12s ls 10.0.0.1/nqn.a nvme1\n"
       "12s ls 10.0.0.1/nqn.a@nqn.other -\n"
       "12s ls 10.0.0.2/nqn.b nvme2\n"},
      {"it is connected under one that is not known here: no second connection",
       R"(target 10.0.0.1 down
          start
          stafd up
          lists 10.0.0.9 10.0.0.1/nqn.a
          wait 1
          target 10.0.0.1 up
          --
          lists 10.0.0.8@nqn.other 10.0.0.1/nqn.a
          wait 100
          ls)",
       "0s connect 10.0.0.1/nqn.a@nqn.other\n"
       "100s ls 10.0.0.1/nqn.a@nqn.other nvme0\n"},
      {"a new stafd knows its discovery controller under the new one, and cannot read it",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          wait 100
          hostnqn nqn.other
          conf
          stafd down
          drops 10.0.0.1
          unread 10.0.0.1@nqn.other
          --
          stafd up
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
  });
}

TEST(ConnectorEvidence, NamesOfOneConnectionShareWhatIsKnown) {
  check({
      {"after a restart, without stafd: a page listed it under another name, so a removed line is not enough",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a
          change nvme0 src_addr=10.0.0.9
          stafd up
          lists 10.0.0.1%eth0 nqn.a
          wait 20
          vanish nvme0
          wait 20
          change nvme0 src_addr=10.0.0.9
          stafd down
          --
          conf
          restart
          wait 600)",
       ""},
      {"two names become one: the connection that works is kept",
       R"(iface eth0 10.0.0.9
          device nvme0 10.0.0.1/nqn.a state=connecting host_iface=eth0
          device nvme1 10.0.0.1/nqn.a state=live
          --
          start controller=10.0.0.1/nqn.a
          ls)",
       "0s ls 10.0.0.1/nqn.a nvme1\n"},
  });
}

}  // namespace
}  // namespace stas::story
