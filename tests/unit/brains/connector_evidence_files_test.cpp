// SPDX-License-Identifier: Apache-2.0
//
// Law 2 of stacd as stories (driver.h has the notation): nothing is cut but what somebody removed. Here: what a file
// does not say. Lines that cannot be used, a file that is gone, names that do not resolve. Pages, identities and stafd:
// the other connector_evidence files; how far a doubt reaches: connector_evidence_bounds_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorEvidence, BrokenIsNotRemoved) {
  check({
      {"a line that cannot be used any more, with a readable address",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          wait 20
          --
          doubt traddr=10.0.0.1
          conf
          wait 600
          ls)",
       "1.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... whose subsystem can be read",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.b
          wait 20
          --
          doubt nqn=nqn.b
          conf
          wait 600
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n600s ls 10.0.0.1/nqn.b nvme1\n"},
      {"... of which nothing can be read: it could be any, until it is corrected",
       R"(start controller=10.0.0.1/nqn.a
          --
          doubt all
          conf
          wait 600
          ls
          doubt none
          conf
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n601.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"... and the same after a restart",
       R"(start controller=10.0.0.1/nqn.a
          --
          doubt traddr=10.0.0.1
          conf
          restart
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a doubt about another transport or port keeps nothing",
       R"(start controller=10.0.0.1/nqn.a
          wait 20
          --
          doubt transport=rdma traddr=10.0.0.1
          doubt traddr=10.0.0.1 trsvcid=4420
          conf
          wait 600)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a doubt about a host name could be about any address",
       R"(start controller=10.0.0.1/nqn.a
          --
          doubt traddr=array.example nqn=nqn.a
          conf
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a doubt says nothing about what pages list",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          doubt all
          conf
          --
          lists 10.0.0.1
          wait 600)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
      {"a line that a doubt may mean is not forgotten while a page names the controller",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.1 nqn.a
          doubt all
          conf
          --
          lists 10.0.0.1
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"another name of the same connection takes it over from a held one, and is delisted: the doubt counts for it, "
       "too",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a
          change nvme0 src_addr=10.0.0.9
          stafd up
          lists 10.0.0.1%eth0
          doubt traddr=10.0.0.1
          conf
          lists 10.0.0.1%eth0 nqn.a
          wait 20
          --
          lists 10.0.0.1%eth0
          wait 600
          doubt none
          conf controller=10.0.0.1/nqn.a
          wait 20)",
       ""},
      {"an ordinary removal is not said to be kept first",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          wait 20
          journal
          --
          conf
          wait 1)",
       ""},
      {"the file is gone at a reload: it stays as it was",
       R"(start controller=10.0.0.1/nqn.a
          --
          unread conf
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"the file is gone at a restart: what was configured is kept, and said",
       R"(start controller=10.0.0.1/nqn.a
          unread conf
          --
          journal
          restart
          wait 600
          ls)",
       "0s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Connection established! (existing connection adopted)\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - kept: it may be what stacd.conf: no such file was meant to "
       "say\n"
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a line that cannot be read and has its NQN may be to replace the page that listed it; another is none of its",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b
          doubt transport=tcp nqn=nqn.a
          wait 20
          --
          conf
          lists 10.0.0.1
          wait 20
          doubt none
          conf
          wait 3)",
       "1.5s disconnect nvme1 10.0.0.1/nqn.b (no longer listed by any discovery controller)\n"
       "21.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
  });
}

}  // namespace
}  // namespace stas::story
