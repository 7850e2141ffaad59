// SPDX-License-Identifier: Apache-2.0
//
// stacd makes the new connection before the old one goes, as stories (driver.h has the notation): a line or an entry
// that gets another address or interface, what counts as a replacement, and how long is waited for it. stafd:
// finder_replacement_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorEvidence, TheNewIsMadeBeforeTheOldGoes) {
  check({
      {"a line gets another address: the old one goes when the new one is connected",
       R"(target 10.0.0.2 down
          start controller=10.0.0.1/nqn.a
          wait 20
          --
          conf controller=10.0.0.2/nqn.a
          wait 2
          target 10.0.0.2 up
          wait 600
          ls)",
       "0s connect 10.0.0.2/nqn.a\n3s connect 10.0.0.2/nqn.a\n4.5s disconnect nvme0 10.0.0.1/nqn.a (no longer "
       "configured)\n602s ls 10.0.0.2/nqn.a nvme1\n"},
      {"... which never answers: after a minute",
       R"(target 10.0.0.2 down
          start controller=10.0.0.1/nqn.a
          --
          conf controller=10.0.0.2/nqn.a
          wait 61.6)",
       "0s connect 10.0.0.2/nqn.a\n3s connect 10.0.0.2/nqn.a\n9s connect 10.0.0.2/nqn.a\n21s connect 10.0.0.2/nqn.a\n"
       "45s connect 10.0.0.2/nqn.a\n61.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a portal moves on a page",
       R"(target 10.0.0.3 down
          start
          stafd up
          lists 10.0.0.1 10.0.0.2/nqn.a
          --
          lists 10.0.0.1 10.0.0.3/nqn.a
          wait 2
          target 10.0.0.3 up
          wait 600
          ls)",
       "0s connect 10.0.0.3/nqn.a\n3s connect 10.0.0.3/nqn.a\n"
       "4.5s disconnect nvme0 10.0.0.2/nqn.a (no longer listed by any discovery controller)\n"
       "602s ls 10.0.0.3/nqn.a nvme1\n"},
      {"a path that has been down before is no replacement",
       R"(target 10.0.0.3 down
          start
          stafd up
          lists 10.0.0.1 10.0.0.2/nqn.a 10.0.0.3/nqn.a
          wait 100
          --
          lists 10.0.0.1 10.0.0.3/nqn.a
          wait 1.6)",
       "0s connect 10.0.0.3/nqn.a\n1.5s disconnect nvme0 10.0.0.2/nqn.a (no longer listed by any discovery "
       "controller)\n"},
      {"what has been held for long is replaced in the same way",
       R"(target 10.0.0.2 down
          start controller=10.0.0.1/nqn.a
          unread conf
          restart
          wait 600
          --
          mend
          conf controller=10.0.0.2/nqn.a
          wait 2
          target 10.0.0.2 up
          wait 600)",
       "0s connect 10.0.0.2/nqn.a\n3s connect 10.0.0.2/nqn.a\n4.5s disconnect nvme0 10.0.0.1/nqn.a (no longer "
       "configured)\n"},
      {"a line's host-traddr changes: the new connection first",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          start controller=10.0.0.1/nqn.a<10.0.0.7
          hold 10.0.0.1 connect
          --
          conf controller=10.0.0.1/nqn.a<10.0.0.8
          wait 20
          ls
          release
          wait 20
          ls)",
       "0s connect 10.0.0.1/nqn.a<10.0.0.8\n"
       "20s ls 10.0.0.1/nqn.a<10.0.0.7 nvme0\n"
       "20s ls 10.0.0.1/nqn.a<10.0.0.8 -\n"
       "21.5s disconnect nvme0 10.0.0.1/nqn.a<10.0.0.7 (no longer configured)\n"
       "40s ls 10.0.0.1/nqn.a<10.0.0.8 nvme1\n"},
      {"a line's interface changes: the new connection first",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          start controller=10.0.0.1/nqn.a%eth0
          change nvme0 src_addr=10.0.0.7
          hold 10.0.0.1 connect
          --
          conf controller=10.0.0.1/nqn.a%eth1
          wait 20
          ls
          release
          wait 20
          ls)",
       "0s connect 10.0.0.1/nqn.a%eth1\n"
       "20s ls 10.0.0.1/nqn.a%eth0 nvme0\n"
       "20s ls 10.0.0.1/nqn.a%eth1 -\n"
       "21.5s disconnect nvme0 10.0.0.1/nqn.a%eth0 (no longer configured)\n"
       "40s ls 10.0.0.1/nqn.a%eth1 nvme1\n"},
      {"a line gets the host-traddr that its connection has: the same device, nothing is cut",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a
          change nvme0 src_addr=10.0.0.9
          --
          conf controller=10.0.0.1/nqn.a<10.0.0.9
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a<10.0.0.9 nvme0\n"},
      {"a line gets an interface: the same device, nothing is cut",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a
          change nvme0 src_addr=10.0.0.9
          --
          conf controller=10.0.0.1/nqn.a%eth0
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
  });
}

}  // namespace
}  // namespace stas::story
