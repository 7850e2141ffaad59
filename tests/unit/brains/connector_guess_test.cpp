// SPDX-License-Identifier: Apache-2.0
//
// stacd and connections that do not show what they are, do not work, or are known under another name or identity
// (driver.h has the notation).
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorGuess, AGuessIsSettledWhenItShows) {
  check({
      {"of two that are down each name takes the one that was asked for in its words",
       R"(iface eth0 10.0.0.7
          device nvme0 10.0.0.9/nqn.a%eth0 state=connecting
          device nvme1 10.0.0.9/nqn.a state=connecting
          --
          start controller=10.0.0.9/nqn.a | controller=10.0.0.9/nqn.a%eth0
          ls)",
       "0s ls 10.0.0.9/nqn.a nvme1\n0s ls 10.0.0.9/nqn.a%eth0 nvme0\n"},
      {"adopted while it was down, it leaves another way: the controller gets its own",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          device nvme5 10.0.0.1/nqn.a state=connecting
          start controller=10.0.0.1/nqn.a%eth0
          --
          wait 100
          change nvme5 state=live src_addr=10.0.1.7
          wait 1
          ls)",
       "100s connect 10.0.0.1/nqn.a%eth0\n101s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
      {"... the same way: it stays",
       R"(iface eth0 10.0.0.7
          device nvme5 10.0.0.1/nqn.a state=connecting
          start controller=10.0.0.1/nqn.a%eth0
          --
          change nvme5 state=live src_addr=10.0.0.7
          wait 100
          ls)",
       "100s ls 10.0.0.1/nqn.a%eth0 nvme5\n"},
      {"one that shows it is taken before one that does not",
       R"(iface eth0 10.0.0.7
          device nvme4 10.0.0.1/nqn.a state=connecting
          device nvme5 10.0.0.1/nqn.a%eth0 state=connecting
          start controller=10.0.0.1/nqn.a%eth0
          --
          ls)",
       "0s ls 10.0.0.1/nqn.a%eth0 nvme5\n"},
      {"after a restart, of two that are down each goes to the one that shows it",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          device nvme2 10.0.0.1/nqn.a src_addr=10.0.0.7
          start controller=10.0.0.1/nqn.a
          device nvme10 10.0.0.1/nqn.a%eth1 src_addr=10.0.1.7
          conf controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.a%eth1
          change nvme2 state=connecting src_addr=
          change nvme10 state=connecting src_addr=
          --
          restart
          change nvme2 state=live src_addr=10.0.0.7
          wait 60
          ls)",
       "60s ls 10.0.0.1/nqn.a nvme2\n60s ls 10.0.0.1/nqn.a%eth1 nvme10\n"},
      {"its own name goes while it is down: cut when it is known whose it is, after a soak",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          start controller=10.0.0.1/nqn.a
          change nvme0 state=connecting src_addr=
          --
          conf controller=10.0.0.1/nqn.a%eth0
          wait 300
          change nvme0 state=live src_addr=10.0.1.7
          wait 20
          ls)",
       "300s connect 10.0.0.1/nqn.a%eth0\n301.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "320s ls 10.0.0.1/nqn.a%eth0 nvme1\n"},
  });
}

TEST(ConnectorGuess, WhatWorksStays) {
  check({
      {"two become one by ignore-iface: the one that works is kept",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          start controller=10.0.0.1/nqn.a%eth0 | controller=10.0.0.1/nqn.a%eth1
          change nvme0 src_addr=10.0.0.7
          change nvme1 src_addr=10.0.1.7
          conf ignore-iface=true | controller=10.0.0.1/nqn.a%eth0 | controller=10.0.0.1/nqn.a%eth1
          wait 0
          change nvme0 state=connecting
          --
          wait 100
          ls)",
       "61.5s disconnect nvme0 10.0.0.1/nqn.a%eth1 (no longer configured)\n100s ls 10.0.0.1/nqn.a nvme1\n"},
      {"a replacement that was lost at once does not count",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          start controller=10.0.0.1/nqn.a%eth0
          --
          conf controller=10.0.0.1/nqn.a%eth1
          change nvme1 state=connecting
          wait 30
          change nvme1 state=live
          wait 10)",
       "0s connect 10.0.0.1/nqn.a%eth1\n31.5s disconnect nvme0 10.0.0.1/nqn.a%eth0 (no longer configured)\n"},
  });
}

TEST(ConnectorGuess, OtherWordsForTheSame) {
  check({
      {"a discovery controller under another name, not read yet: what it listed waits for that",
       R"(start
          stafd up
          lists 10.0.0.1%eth0=configured 10.0.0.9/nqn.a
          wait 20
          --
          unread 10.0.0.1=configured
          ends 10.0.0.1%eth0
          wait 300
          lists 10.0.0.1=configured 10.0.0.8/nqn.b
          wait 20)",
       "300s connect 10.0.0.8/nqn.b\n301.5s disconnect nvme0 10.0.0.9/nqn.a%eth0 (its discovery controller was "
       "removed)\n"},
      {"listed for another host NQN: it stays as it was made",
       R"(start
          stafd up
          lists 10.0.0.1=configured nqn.a
          wait 20
          stafd down
          drops 10.0.0.1
          --
          stafd up
          lists 10.0.0.1@nqn.other=configured nqn.a
          wait 300
          lists 10.0.0.1@nqn.other=configured
          wait 20
          ls)",
       "0s connect 10.0.0.1/nqn.a@nqn.other\n"
       "301.5s disconnect nvme0 10.0.0.1/nqn.a (its discovery controller was removed)\n"
       "301.5s disconnect nvme1 10.0.0.1/nqn.a@nqn.other (no longer listed by any discovery controller)\n"},
      {"what no longer lists it is forgotten, and not waited for after a restart of stafd",
       R"(start
          stafd up
          lists 10.0.0.1=discovered 10.0.0.9/nqn.a
          lists 10.0.0.2=configured 10.0.0.9/nqn.a
          wait 20
          lists 10.0.0.1=discovered
          wait 5
          stafd down
          drops 10.0.0.1
          stafd up
          wait 20
          --
          lists 10.0.0.2=configured
          wait 100)",
       "1.5s disconnect nvme0 10.0.0.9/nqn.a (no longer listed by any discovery controller)\n"},
      {"a reload asks stafd again: its signal may have been lost",
       R"(start
          stafd up
          lists 10.0.0.1=configured nqn.a
          wait 20
          quiet 10.0.0.1=configured nqn.a nqn.b
          --
          conf)",
       "0s connect 10.0.0.1/nqn.b\n"},
      {"a line with a host name that has no address yet may mean it",
       R"(start
          stafd up
          lists 10.0.0.1=configured nqn.a
          wait 20
          dns hangs
          --
          conf controller=array.example/nqn.a
          lists 10.0.0.1=configured
          wait 30
          dns array.example 10.0.0.1
          dns answers
          wait 30
          ls)",
       "0s resolve array.example\n60s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a foreign connection waits for a stafd that knows all that is configured",
       R"(device nvme5 10.0.0.9/nqn.x
          stafd up
          stafd unsettled
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          --
          wait 300
          stafd settled
          wait 30)",
       "301.5s disconnect nvme5 10.0.0.9/nqn.x (not wanted by anything)\n"},
  });
}

}  // namespace
}  // namespace stas::story
