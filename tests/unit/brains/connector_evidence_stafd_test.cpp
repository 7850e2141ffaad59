// SPDX-License-Identifier: Apache-2.0
//
// Law 2 of stacd as stories (driver.h has the notation): nothing is cut but what somebody removed. Here: stafd itself,
// absent, late, failing, hanging, restarted, and what it then does not say. Numbers with '#' are rows of the list of
// regressions, D-nn findings of the compatibility contract.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorPolicy, WhatStafdDoesNotSayRemovesNothing) {
  check({
      {"stafd is absent when stacd starts: #1, D-04",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          restart
          --
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"stafd is absent at a reload: #1, D-04",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          --
          conf kato=7
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"stafd answers with an error, and is asked again every 2 s: #1, D-04",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          stafd fails
          drops 10.0.0.1
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"the error is told once, and its end: #1",
       R"(start
          stafd up
          journal
          stafd fails
          --
          signal
          wait 7
          stafd answers
          wait 2)",
       "0s error: Failed to get the log pages from stafd: org.freedesktop.DBus.Error.Failed; connections stay as they "
       "are\n"
       "8s info: stafd answers again\n"},
      {"stafd hangs: nothing waits for it, nothing is removed: #1, D-07",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          stafd hangs
          drops 10.0.0.1
          wait 60
          conf controller=10.0.0.9/nqn.m
          wait 60
          ls)",
       "60s connect 10.0.0.9/nqn.m\n"
       "120s ls 10.0.0.1/nqn.a nvme0\n120s ls 10.0.0.9/nqn.m nvme1\n"},
      {"stafd restarts and has not read its pages yet: #1",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          unread 10.0.0.1
          --
          stafd up
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"stafd restarts without mDNS controllers: they may come back: #1",
       R"(start
          stafd up
          lists 10.0.0.1=discovered nqn.a
          stafd down
          drops 10.0.0.1
          --
          stafd up
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"stafd restarts without a configured controller: its line was removed; cut after the long soak",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          drops 10.0.0.1
          --
          stafd up
          wait 600
          ls)",
       "10s disconnect nvme0 10.0.0.1/nqn.a (its discovery controller was removed)\n"},
      {"... but not while it has a controller whose name does not resolve: it may be that one: #31",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          drops 10.0.0.1
          unread dc.example
          --
          stafd up
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"stafd is late on the bus after both restarted: #1",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          restart
          wait 100
          --
          stafd up
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a page that could not be read again is no information: the entry is not gone",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          unread 10.0.0.1
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"listed by two: one page without it does not cut, both do",
       R"(start
          stafd up
          lists 10.0.0.1 10.0.0.9/nqn.a
          lists 10.0.0.2 10.0.0.9/nqn.a
          --
          lists 10.0.0.1
          wait 10
          lists 10.0.0.2
          wait 10)",
       "11.5s disconnect nvme0 10.0.0.9/nqn.a (no longer listed by any discovery controller)\n"},
      {"the only page with it vanishes from stafd on purpose: cut",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          lists 10.0.0.2 nqn.b
          --
          drops 10.0.0.1
          wait 600)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (its discovery controller was removed)\n"},
      {"a discovery controller that ended while stacd was away: cut",
       R"(start
          stafd up
          lists 10.0.0.1=discovered nqn.a
          stafd down
          ends 10.0.0.1
          restart
          --
          stafd up
          wait 600)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (its discovery controller was removed)\n"},
      {"an external connection is cut only when every page is known",
       R"(start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          unread 10.0.0.1
          device nvme7 10.0.0.1/nqn.x
          --
          wait 600
          lists 10.0.0.1 nqn.a
          wait 600)",
       "600s connect 10.0.0.1/nqn.a\n"
       "601.5s disconnect nvme7 10.0.0.1/nqn.x (not wanted by anything)\n"},
  });
}

}  // namespace
}  // namespace stas::story
