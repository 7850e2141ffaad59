// SPDX-License-Identifier: Apache-2.0
//
// Policy of stafd as stories (driver.h has the notation): several names of one connection, when a connection is tried
// again, floods.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "stafd/finder.h"
#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/notation.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

std::ptrdiff_t count(const std::string& text, const std::string& what) {
  std::ptrdiff_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(FinderConnections, SeveralNamesShowOneConnection) {
  check({
      {"what is read shows under each name, and is told for each",
       R"(unique 10.0.0.1 nqn.dc1
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.1/nqn.dc1
          page 10.0.0.1 nqn.a
          --
          aen nvme0
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s signal log_pages_changed 10.0.0.1/nqn.dc1 nvme0\n"
       "0s ls 10.0.0.1 configured nvme0 entries=1\n0s ls 10.0.0.1/nqn.dc1 configured nvme0 entries=1\n"},
      {"lost, and made again under the other name: the page goes on being read for both",
       R"(unique 10.0.0.1 nqn.dc1
          page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.1/nqn.dc1
          mdns
          wait 100
          vanish nvme0
          device nvme7 10.0.0.1/nqn.dc1
          page 10.0.0.1 nqn.a
          wait 10
          --
          aen nvme7
          wait 1
          page 10.0.0.1
          aen nvme7
          wait 70
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme7\n"
       "0s signal log_pages_changed 10.0.0.1/nqn.dc1 nvme7\n1s page 10.0.0.1\n6s page 10.0.0.1\n"
       "11s page 10.0.0.1\n16s page 10.0.0.1\n21s page 10.0.0.1\n26s page 10.0.0.1\n31s page 10.0.0.1\n"
       "31s signal log_pages_changed 10.0.0.1 nvme7\n31s signal log_pages_changed 10.0.0.1/nqn.dc1 nvme7\n"
       "71s ls 10.0.0.1 configured nvme7 entries=0\n71s ls 10.0.0.1/nqn.dc1 configured nvme7 entries=0\n"},
      {"one name goes: the connection and its page stay for the other",
       R"(iface eth0 10.0.0.7
          page 10.0.0.1 nqn.a
          mdns 10.0.0.1%eth0
          start pleo=disabled | controller=10.0.0.1
          wait 10
          --
          conf pleo=disabled
          wait 100
          ls)",
       "0s page 10.0.0.1\n1.5s signal dc_removed\n100s ls 10.0.0.1%eth0 discovered nvme0 entries=1\n"
       "100s ls ended 10.0.0.1\n"},
      {"both go: it is cut once",
       R"(unique 10.0.0.1 nqn.dc1
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.1/nqn.dc1
          mdns
          --
          conf pleo=disabled
          wait 100
          ls)",
       "0s page 10.0.0.1\n1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n1.5s signal dc_removed\n"
       "100s ls ended 10.0.0.1\n100s ls ended 10.0.0.1/nqn.dc1\n"},
      {"configured again while it is being cut: connected again, once that has ended: D-08",
       R"(mdns
          start pleo=disabled | controller=10.0.0.1
          hold 10.0.0.1 disconnect
          conf pleo=disabled
          wait 2
          --
          conf pleo=disabled | controller=10.0.0.1
          wait 60
          release
          wait 60
          ls)",
       "60s connect 10.0.0.1\n60s page 10.0.0.1\n60s signal log_pages_changed 10.0.0.1 nvme0\n"
       "120s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"one that is being deleted is not adopted",
       R"(device nvme4 10.0.0.1 state=deleting
          start pleo=disabled | controller=10.0.0.1
          --
          vanish nvme4
          wait 5)",
       "3s connect 10.0.0.1\n3s page 10.0.0.1\n3s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"a hanging connect on one interface delays no other",
       R"(hold 10.0.0.1 connect
          start pleo=disabled | controller=10.0.0.1%eth0 | controller=10.0.0.1%eth1)",
       "0s connect 10.0.0.1%eth0\n0s connect 10.0.0.1%eth1\n"},
      {"what cannot be read is told once, whatever events are lost meanwhile, and again after an interruption",
       R"(reads 10.0.0.1 fail
          journal
          start pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          --
          wait 30
          scan lost
          wait 30
          change nvme0 state=connecting
          wait 5
          change nvme0 state=live
          wait 1)",
       "1s page 10.0.0.1\n3s page 10.0.0.1\n7s page 10.0.0.1\n15s page 10.0.0.1\n30s page 10.0.0.1\n"
       "31s page 10.0.0.1\n33s page 10.0.0.1\n37s page 10.0.0.1\n45s page 10.0.0.1\n"
       "60s warning: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Connection lost; trying to "
       "reconnect, the log page stays known\n"
       "65s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Connection restored\n"
       "65s page 10.0.0.1\n"
       "65s error: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Failed to retrieve log pages. "
       "Internal Error\n"
       "66s page 10.0.0.1\n"},
      {"it cannot be deleted: tried ever more seldom, told once",
       R"(start pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          target nvme0 undeletable
          conf pleo=disabled | zeroconf=disabled
          journal
          --
          wait 20)",
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Disconnect initiated: no "
       "longer configured\n"
       "1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "1.5s error: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Failed to disconnect. "
       "cannot delete nvme0\n"
       "4.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "10.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"},
      {"an entry that cannot be used may be what the name that joins has shown",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          mdns
          change nvme0 src_addr=10.0.0.7
          wait 100
          page 10.0.0.1 nqn.a skipped=nqn.b
          conf pleo=disabled | controller=10.0.0.1 | controller=10.0.0.1%eth1
          change nvme1 src_addr=10.0.1.7
          wait 10
          ls
          vanish nvme0
          --
          wait 1
          ls)",
       "1s ls 10.0.0.1 configured nvme1 entries=2\n"
       "1s ls 10.0.0.1%eth1 configured nvme1 entries=2\n"},
      {"nobody was told that its device went, and another one has the name of that: it is lost",
       R"(start pleo=disabled | controller=10.0.0.1
          wait 1
          lose nvme0
          scan
          wait 1
          --
          conf pleo=disabled | controller=10.0.0.1 | controller=10.0.0.2
          wait 200
          ls)",
       "0s page 10.0.0.1\n"
       "0s connect 10.0.0.2\n"
       "0s page 10.0.0.2\n"
       "0s signal log_pages_changed 10.0.0.2 nvme0\n"
       "3s connect 10.0.0.1\n"
       "3s page 10.0.0.1\n"
       "3s signal log_pages_changed 10.0.0.1 nvme1\n"
       "200s ls 10.0.0.1 configured nvme1 entries=0\n"
       "200s ls 10.0.0.2 configured nvme0 entries=0\n"},
  });
}

TEST(FinderConnections, WhatComesAndGoesIsTriedEverLater) {
  check({
      {"each connection lasts a second",
       R"(start pleo=disabled | controller=10.0.0.1
          wait 1
          --
          vanish nvme0
          wait 4
          vanish nvme0
          wait 7
          vanish nvme0
          wait 13
          vanish nvme0
          wait 20)",
       "3s connect 10.0.0.1\n3s page 10.0.0.1\n3s signal log_pages_changed 10.0.0.1 nvme0\n"
       "10s connect 10.0.0.1\n10s page 10.0.0.1\n10s signal log_pages_changed 10.0.0.1 nvme0\n"
       "23s connect 10.0.0.1\n23s page 10.0.0.1\n23s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"up for a minute, with its page: soon again",
       R"(target 10.0.0.1 down
          start pleo=disabled | controller=10.0.0.1
          wait 100
          target 10.0.0.1 up
          wait 130
          --
          vanish nvme0
          wait 5)",
       "3s connect 10.0.0.1\n3s page 10.0.0.1\n3s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"the link breaks while page 00h is asked for: asked again when it is back",
       R"(pleo 10.0.0.1 broken
          start controller=10.0.0.1
          pleo 10.0.0.1 yes
          --
          reconnected nvme0)",
       "0s supported 10.0.0.1\n0s page 10.0.0.1 pleo\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"a changed symbolic name during a registration is registered as well",
       R"(dctype 10.0.0.1 cdc
          symname old
          hold 10.0.0.1 register
          start controller=10.0.0.1
          --
          symname new
          conf controller=10.0.0.1
          release)",
       "0s register 10.0.0.1 symname=new\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
  });
}

TEST(FinderConnections, AStormOfEventsIsAFewReadings) {
  std::string script = "start pleo=disabled | controller=10.0.0.1\nwait 100\njournal\n--\n";
  for (int i = 0; i < 1000; ++i) script += "aen nvme0\nwait 0.001\n";
  const std::string second = tell_finder(script);
  EXPECT_LE(count(second, "page 10.0.0.1"), 5) << second;
  EXPECT_LE(count(second, "info: "), 5) << second;
  EXPECT_EQ(count(second, "more AENs"), 1) << second;
  const std::string after = tell_finder(script + "--\nwait 10\naen nvme0\nwait 10\n");
  EXPECT_EQ(count(after, "page 10.0.0.1"), 2) << after;  // the last news are not forgotten
}

TEST(FinderConnections, SafetyPollsDoNotFallTogether) {
  const Instant now{std::chrono::hours(1)};
  const FinderTiming timing;
  std::set<Instant> polls;
  for (int i = 1; i <= 20; ++i) {
    Connection connection(Device{}, tid_of("10.0.0." + std::to_string(i)), timing, now);
    connection.begin(Dc::Op::page, 1, now);
    connection.end(Dc::Op::page);
    connection.take(LogPage{}, now);
    const Instant poll = connection.deadline(false);
    EXPECT_GE(poll, now + timing.poll * 3 / 4);
    EXPECT_LE(poll, now + timing.poll * 5 / 4);
    polls.insert(poll);
  }
  EXPECT_GE(polls.size(), 15U);
}

TEST(FinderConnections, ASafetyPollTrustsTheCounterThreeTimesOfFour) {
  Instant now{std::chrono::hours(1)};
  Connection connection(Device{}, tid_of("10.0.0.1"), {}, now);
  std::string trusted;
  for (int i = 0; i < 9; ++i) {
    connection.begin(Dc::Op::page, 1, now);
    trusted += connection.trusted_genctr() ? '+' : '-';
    connection.end(Dc::Op::page);
    connection.take(LogPage{}, now += std::chrono::minutes(5));
  }
  EXPECT_EQ(trusted, "-+++-+++-");
}

TEST(FinderConnections, APageThatIsRefusedForGoodIsReadSeldom) {
  const Instant now{std::chrono::hours(1)};
  FinderTiming timing;
  timing.page_retry.jitter = 0;
  for (const bool for_good : {false, true}) {
    Connection connection(Device{}, tid_of("10.0.0.1"), timing, now);
    std::vector<Duration> delays;
    for (int i = 0; i < 8; ++i) {
      connection.begin(Dc::Op::page, 1, now);
      connection.end(Dc::Op::page);
      connection.page_failed(for_good, now);
      delays.push_back(connection.deadline(false) - now);
    }
    EXPECT_EQ(delays.front(), for_good ? timing.page_refused : timing.page_retry.first);
    EXPECT_TRUE(std::is_sorted(delays.begin(), delays.end()));
    EXPECT_EQ(delays.back(), timing.page_retry.cap);
  }
}

TEST(FinderConnections, NoFloodTakesThePlaceOfWhatIsConfigured) {
  const Instant now{std::chrono::hours(1)};
  auto host = std::make_shared<HostIdentity>();
  host->nqn = kHostNqn;
  auto config = std::make_shared<StafdConfig>();
  Finder finder;
  finder.handle(StafdConfigured{config, host}, now);
  finder.handle(DevicesScanned{}, now);
  MdnsChanged view{true, {}};
  for (int i = 0; i < 4500; ++i) {
    MdnsService service;
    service.resolved = true;
    service.transport = Transport::tcp;
    service.traddr = "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    service.trsvcid = "8009";
    view.services.push_back(service);
  }
  finder.handle(view, now);
  finder.advance(now);
  EXPECT_EQ(finder.controllers().size(), kMaxAnnounced);

  auto more = std::make_shared<StafdConfig>();
  more->controllers.push_back({});
  more->controllers[0].traddr = "10.0.0.1";
  finder.handle(StafdConfigured{more, host}, now);
  finder.advance(now);
  EXPECT_NE(finder.find(tid_of("10.0.0.1")), nullptr);
  EXPECT_EQ(finder.controllers().size(), kMaxAnnounced + 1);
}

TEST(FinderConnections, AFloodOnOneLinkLeavesTheOthersTheirShare) {
  const Instant now{std::chrono::hours(1)};
  auto host = std::make_shared<HostIdentity>();
  host->nqn = kHostNqn;
  Finder finder;
  finder.handle(StafdConfigured{std::make_shared<StafdConfig>(), host}, now);
  finder.handle(DevicesScanned{}, now);
  MdnsChanged view{true, {}};
  const auto announce = [&](const std::string& interface, const std::string& address) {
    MdnsService service;
    service.interface = interface;
    service.resolved = true;
    service.transport = Transport::tcp;
    service.traddr = address;
    service.trsvcid = "8009";
    view.services.push_back(service);
  };
  std::vector<OpId> connects;
  for (const char* port : {"eth1", "eth0"}) {
    for (int i = 0; i < (std::string(port) == "eth1" ? 2000 : 24); ++i)
      announce(port, "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
    finder.handle(view, now);
    for (const auto& action : finder.advance(now))
      if (const auto* connect = std::get_if<Connect>(&action)) connects.push_back(connect->op);
    for (const OpId op : std::exchange(connects, {}))
      finder.handle(OpDone{op, Error{ErrorKind::unreachable, 113, "nobody there"}}, now);
  }
  const auto names_on = [&](const std::string& interface) {
    return std::ranges::count_if(finder.controllers(), [&](const Dc& dc) { return dc.tid.host_iface() == interface; });
  };
  EXPECT_EQ(names_on("eth0"), 24);
  EXPECT_EQ(names_on("eth1"), 1000);
  finder.handle(view, now);
  finder.advance(now);
  EXPECT_EQ(names_on("eth0"), 24) << "and keeps it";
}

}  // namespace
}  // namespace stas::story
