// SPDX-License-Identifier: Apache-2.0
//
// Law 2 of stacd as stories (driver.h has the notation): nothing is cut but what somebody removed. Here: what is
// missing from the pages that stafd has. Pages that are not read yet or not complete, lines that become entries of a
// page, discovery controllers that move.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorEvidence, MissingIsNotGone) {
  check({
      {"listed by two; stafd restarts and has read only one, which delists: the other may still list it",
       R"(start
          stafd up
          lists 10.0.0.1 10.0.0.9/nqn.a
          lists 10.0.0.2 10.0.0.9/nqn.a
          stafd down
          quiet 10.0.0.1 10.0.0.9/nqn.a
          unread 10.0.0.2
          --
          stafd up
          wait 5
          lists 10.0.0.1
          wait 600
          ls
          lists 10.0.0.2
          wait 600)",
       "605s ls 10.0.0.9/nqn.a nvme0\n"
       "606.5s disconnect nvme0 10.0.0.9/nqn.a (no longer listed by any discovery controller)\n"},
      {"a line moved to a page while stafd is being restarted",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          wait 100
          stafd down
          --
          conf
          wait 5
          stafd up
          lists 10.0.0.2 10.0.0.1/nqn.a
          wait 600
          ls)",
       "605s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... and it does not come back",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          wait 100
          stafd down
          --
          conf
          wait 600)",
       "10s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a line moved to a discovery controller whose page is not read yet",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.2
          --
          unread 10.0.0.1
          conf
          wait 20
          lists 10.0.0.1 nqn.a
          wait 600
          ls)",
       "620s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... which is never read: given up when it has been listed for a minute",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          --
          unread 10.0.0.1
          conf
          wait 600)",
       "61.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a discovery service moves: the old one is ended, and what it listed stays until the new one is read",
       R"(start
          stafd up
          lists 10.0.0.1=discovered 10.0.0.9/nqn.a 10.0.0.9/nqn.b
          wait 20
          --
          unread 10.0.0.2=discovered
          ends 10.0.0.1
          wait 20
          lists 10.0.0.2=discovered 10.0.0.9/nqn.a
          wait 60
          ls)",
       "21.5s disconnect nvme1 10.0.0.9/nqn.b (its discovery controller was removed)\n"
       "80s ls 10.0.0.9/nqn.a nvme0\n"},
      {"... and that one is there already: nothing happens",
       R"(start
          stafd up
          lists 10.0.0.1=discovered 10.0.0.9/nqn.a
          wait 20
          lists 10.0.0.2=discovered 10.0.0.9/nqn.a
          --
          ends 10.0.0.1
          wait 60
          ls)",
       "60s ls 10.0.0.9/nqn.a nvme0\n"},
      {"... a controller that has been unread for long keeps nothing",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          unread 10.0.0.2
          wait 61
          --
          conf
          wait 600)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a page with an entry that cannot be used is not complete about what that could be",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b
          --
          lists 10.0.0.1 skip=nqn.a
          wait 600
          ls)",
       "1.5s disconnect nvme1 10.0.0.1/nqn.b (no longer listed by any discovery controller)\n"
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... nothing of it can be read",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b
          --
          lists 10.0.0.1 skip
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n600s ls 10.0.0.1/nqn.b nvme1\n"},
      {"... an address that is none: the same",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1 0.0.0.0/nqn.a
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a 2.4.1 stafd that lost its cache and waits for a slow name",
       R"(stafd old
          start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          drops 10.0.0.1
          --
          stafd up
          wait 600
          ls
          lists 10.0.0.1
          wait 600)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"
       "601.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
      {"an origin that this version does not know",
       R"(start
          stafd up
          lists 10.0.0.1=nbft nqn.a
          stafd down
          drops 10.0.0.1
          --
          stafd up
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... is no reason to call what it lists somebody else's",
       R"(device nvme7 10.0.0.7/nqn.x
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          lists 10.0.0.1=nbft nqn.a
          device nvme8 10.0.0.8/nqn.y
          lists 10.0.0.2=nbft 10.0.0.8/nqn.y
          stafd down
          drops 10.0.0.1
          drops 10.0.0.2
          --
          restart
          stafd up
          wait 600
          ls)",
       "10s disconnect nvme7 10.0.0.7/nqn.x (not wanted by anything)\n"
       "600s ls 10.0.0.1/nqn.a nvme0\n"
       "600s ls 10.0.0.8/nqn.y nvme8\n"},
  });
}

}  // namespace
}  // namespace stas::story
