// SPDX-License-Identifier: Apache-2.0
//
// Policy of stacd as stories (driver.h has the notation): what stafd says and does not say, soak, retries, NCC.
// connector_ownership_test.cpp and connector_sources_test.cpp go on. Numbers with '#' are rows of the list of
// regressions, D-nn findings of the compatibility contract.
#include <memory>

#include <gtest/gtest.h>

#include "libstas/core/config/config.h"
#include "stacd/connector.h"
#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/notation.h"

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

TEST(ConnectorPolicy, AddsAtOnceAndCutsAfterTheSoak) {
  check({
      {"an entry is connected at once, its end is acted on after 1.5 s",
       R"(start
          stafd up
          --
          wait 5
          lists 10.0.0.1 nqn.a
          wait 5
          lists 10.0.0.1
          wait 1.499
          ls
          wait 0.001)",
       "5s connect 10.0.0.1/nqn.a\n"
       "11.499s ls 10.0.0.1/nqn.a nvme0\n"
       "11.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
      {"listed again during the soak: nothing happens",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1
          wait 1.4
          lists 10.0.0.1 nqn.a
          wait 60
          ls)",
       "61.4s ls 10.0.0.1/nqn.a nvme0\n"},
      {"unlisted again: a new soak",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1
          wait 1.4
          lists 10.0.0.1 nqn.a
          lists 10.0.0.1
          wait 60)",
       "2.9s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
      {"stafd vanishes during the soak: the evidence is gone with it",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1
          wait 1
          stafd down
          wait 600
          ls)",
       "601s ls 10.0.0.1/nqn.a nvme0\n"},
      {"the complete page is empty: #25",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b
          --
          lists 10.0.0.1
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "1.5s disconnect nvme1 10.0.0.1/nqn.b (no longer listed by any discovery controller)\n"},
      {"changes that never end neither delay additions nor put removals off: #36, D-26",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1 nqn.1
          wait 0.5
          lists 10.0.0.1 nqn.1 nqn.2
          wait 0.5
          lists 10.0.0.1 nqn.1 nqn.2 nqn.3
          wait 0.4
          lists 10.0.0.1 nqn.1 nqn.2 nqn.3 nqn.4
          wait 0.5
          lists 10.0.0.1 nqn.1 nqn.2 nqn.3 nqn.4 nqn.5)",
       "0s connect 10.0.0.1/nqn.1\n"
       "0.5s connect 10.0.0.1/nqn.2\n"
       "1s connect 10.0.0.1/nqn.3\n"
       "1.4s connect 10.0.0.1/nqn.4\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "1.9s connect 10.0.0.1/nqn.5\n"},
      {"nothing is connected before the first scan: #44",
       R"(conf controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.2 nqn.b
          wait 60
          device nvme0 10.0.0.1/nqn.a
          wait 1
          scan)",
       "61s connect 10.0.0.2/nqn.b\n"},
      {"soon after the start without a stafd: it gets 10 s to come, it may list the controller as well",
       R"(start controller=10.0.0.1/nqn.a
          --
          wait 2
          conf
          wait 60)",
       "10s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"long after the start without a stafd",
       R"(start controller=10.0.0.1/nqn.a
          wait 60
          --
          conf
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a disconnect that fails is tried again, with back-off",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          target nvme0 undeletable
          lists 10.0.0.1
          wait 5
          target nvme0 deletable
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "4.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "10.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
  });
}

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

TEST(ConnectorPolicy, GivesUpOnNccAsConfigured) {
  check({
      {"N = 0: never",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=0
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 30)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n21s connect 10.0.0.1/nqn.a\n"},
      {"N = 1 acts as 2: #22",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=1
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n"},
      {"N = 2",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n"},
      {"a clear bit: for ever",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a
          wait 10)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n"},
      {"the bit is set while it retries: the attempts so far count",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a
          wait 4
          --
          lists 10.0.0.1 nqn.a+ncc
          wait 3600)",
       ""},
      {"the bit clears: at once, and from the start",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600
          --
          lists 10.0.0.1 nqn.a
          wait 4)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n"},
      {"SIGHUP: one more try",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600
          --
          conf connect-attempts-on-ncc=2
          wait 3600)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"news from stafd are no further attempt",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600
          --
          signal
          wait 3600)",
       ""},
      {"an existing connection stays",
       R"(start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1 nqn.a+ncc
          wait 3600
          ls)",
       "3600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a controller= line without an entry: the bit counts as clear",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2 | controller=10.0.0.1/nqn.a
          wait 10)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n"},
      {"it is told",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          journal
          --
          wait 3600)",
       "3s connect 10.0.0.1/nqn.a\n"
       "3s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - No further attempts: the central discovery controller reports "
       "no connectivity (NCC), connect-attempts-on-ncc=2\n"},
      {"one page has the bit and another one has not: it counts as clear",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.9 10.0.0.1/nqn.a
          lists 10.0.0.8 10.0.0.1/nqn.a+ncc
          --
          wait 20)",
       "3s connect 10.0.0.1/nqn.a\n"
       "9s connect 10.0.0.1/nqn.a\n"},
  });
}

// Both in one iteration of the loop: the row of the controller still points to the page before. For the address
// sanitizer.
TEST(ConnectorPolicy, AFailureBesideANewPageLooksAtNoPageThatIsGone) {
  const Instant now{};
  const auto page = [](const char* entry) {
    const Tid dc = tid_of("10.0.0.9");
    return StafPages{std::vector<StafDc>{StafDc{dc, "configured", true, {entry_of(entry, dc)}}}, {}, true};
  };
  auto host = std::make_shared<HostIdentity>();
  host->nqn = kHostNqn;
  Connector brain;
  brain.handle(StacdConfigured{std::make_shared<const StacdConfig>(
                                   parse_stacd_conf(conf_text("connect-attempts-on-ncc=2"), "f", nullptr).value),
                               host},
               now);
  brain.handle(DevicesScanned{}, now);
  brain.handle(StafAppeared{}, now);
  static_cast<void>(brain.advance(now));
  brain.handle(page("10.0.0.1/nqn.a+ncc"), now);
  OpId op = 0;
  for (const Action& action : brain.advance(now))
    if (const auto* connect = std::get_if<Connect>(&action)) op = connect->op;
  ASSERT_NE(op, 0U);
  brain.handle(page("10.0.0.1/nqn.a"), now);
  brain.handle(OpDone{op, Error{ErrorKind::refused, 0, "no"}}, now);
  static_cast<void>(brain.advance(now));
  EXPECT_EQ(brain.find(tid_of("10.0.0.1/nqn.a"))->last_error, "no");
}

}  // namespace
}  // namespace stas::story
