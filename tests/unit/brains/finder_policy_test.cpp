// SPDX-License-Identifier: Apache-2.0
//
// Policy of stafd as stories (driver.h has the notation): what is done with one discovery controller, what stacd is
// told, adoption and aliases. Numbers with '#' are rows of the list of regressions.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderPolicy, RegistersThenAsksThenReads) {
  check({
      {"a controller without a type: no registration", R"(start controller=10.0.0.1)",
       "0s connect 10.0.0.1\n0s supported 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"ddc: registration, page 00h, page 70h: #10",
       R"(dctype 10.0.0.1 ddc
          start controller=10.0.0.1)",
       "0s connect 10.0.0.1\n0s register 10.0.0.1\n0s supported 10.0.0.1\n0s page 10.0.0.1\n"
       "0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"cdc: registration, and never PLEO: #10",
       R"(dctype 10.0.0.1 cdc
          pleo 10.0.0.1 yes
          start controller=10.0.0.1)",
       "0s connect 10.0.0.1\n0s register 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"a kernel that does not say what it is: the controller is asked, once",
       R"(untold 10.0.0.1 cdc
          pleo 10.0.0.1 yes
          start controller=10.0.0.1
          reconnected nvme0)",
       "0s connect 10.0.0.1\n0s ask 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s register 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"... and takes no registrations",
       R"(untold 10.0.0.1 none
          start pleo=disabled | controller=10.0.0.1
          reconnected nvme0
          mdns
          wait 10
          conf
          wait 10)",
       "0s connect 10.0.0.1\n0s ask 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n10s supported 10.0.0.1\n10s page 10.0.0.1\n"
       "11.5s disconnect nvme0 10.0.0.1 (no longer configured)\n11.5s signal dc_removed\n"},
      {"rdma: no registration: #10",
       R"(dctype 10.0.0.1 cdc
          start pleo=disabled | controller=rdma:10.0.0.1)",
       "0s connect rdma:10.0.0.1\n0s page rdma:10.0.0.1\n0s signal log_pages_changed rdma:10.0.0.1 nvme0\n"},
      {"the registration is refused: told once, the page is read, no retry: #10",
       R"(dctype 10.0.0.1 cdc
          dim 10.0.0.1 refuses
          journal
          start controller=10.0.0.1
          --
          wait 200)",
       ""},
      {"... the warning: #10",
       R"(dctype 10.0.0.1 cdc
          dim 10.0.0.1 refuses
          start controller=10.0.0.1
          journal
          --
          reconnected nvme0)",
       "0s register 10.0.0.1\n"
       "0s warning: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Registration error. Invalid "
       "Field in Command.\n"
       "0s page 10.0.0.1\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=0).\n"
       "0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"PLEO when the controller has it",
       R"(pleo 10.0.0.1 yes
          start controller=10.0.0.1)",
       "0s connect 10.0.0.1\n0s supported 10.0.0.1\n0s page 10.0.0.1 pleo\n"
       "0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"page 00h is refused: read without PLEO, asked once per connection: #3",
       R"(pleo 10.0.0.1 error
          start controller=10.0.0.1
          aen nvme0)",
       "0s connect 10.0.0.1\n0s supported 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s page 10.0.0.1\n"},
      {"a changed symbolic name is registered at a reload: #10",
       R"(dctype 10.0.0.1 cdc
          symname old
          start controller=10.0.0.1
          --
          symname new
          conf controller=10.0.0.1)",
       "0s register 10.0.0.1 symname=new\n0s page 10.0.0.1\n"},
      {"the kernel reconnected it: everything again, and the counter of before means nothing",
       R"(dctype 10.0.0.1 ddc
          start controller=10.0.0.1
          wait 10
          --
          reconnected nvme0)",
       "0s register 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"the reconnected event got lost: the state tells the same",
       R"(dctype 10.0.0.1 ddc
          start controller=10.0.0.1
          wait 10
          change nvme0 state=connecting
          wait 10
          --
          change nvme0 state=live)",
       "0s register 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"a page asked for before the interruption says nothing about the counter after it: #43",
       R"(hold 10.0.0.1 page
          start pleo=disabled | controller=10.0.0.1
          --
          reconnected nvme0
          release
          ls)",
       "0s signal log_pages_changed 10.0.0.1 nvme0\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"nothing is asked while the kernel reconnects",
       R"(start pleo=disabled | controller=10.0.0.1
          change nvme0 state=connecting
          --
          wait 3600)",
       ""},
      {"a host name: connects and reads under its address",
       R"(dns dc.example 10.0.0.1
          start pleo=disabled | controller=dc.example)",
       "0s resolve dc.example\n0s connect 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
  });
}

TEST(FinderPolicy, ReadsEveryChange) {
  check({
      {"an AEN: the page is read",
       R"(start pleo=disabled | controller=10.0.0.1
          page 10.0.0.1 nqn.a
          --
          aen nvme0)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"an AEN while a fetch runs: another fetch follows: #26",
       R"(hold 10.0.0.1 page
          start pleo=disabled | controller=10.0.0.1
          wait 1
          --
          aen nvme0
          aen nvme0
          wait 1
          release)",
       "1s signal log_pages_changed 10.0.0.1 nvme0\n1s page 10.0.0.1\n"},
      {"an AEN without a change: read, nobody is told",
       R"(start pleo=disabled | controller=10.0.0.1
          --
          aen nvme0)",
       "0s page 10.0.0.1\n"},
      {"another counter, the same entries: nobody is told",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          page 10.0.0.1 nqn.a
          --
          aen nvme0)",
       "0s page 10.0.0.1\n"},
      {"the first page of each connection is told",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          --
          vanish nvme0
          wait 5)",
       "3s connect 10.0.0.1\n3s page 10.0.0.1\n3s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"a scan finds nothing new: the page is not read",
       R"(start pleo=disabled | controller=10.0.0.1
          page 10.0.0.1 nqn.a
          --
          scan
          wait 1)",
       ""},
      {"events were lost, so perhaps an AEN, and no other comes before the page was read",
       R"(start pleo=disabled | controller=10.0.0.1
          page 10.0.0.1 nqn.a
          --
          scan lost
          wait 1)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"nobody told us: the safety poll finds it after 5 minutes: #43",
       R"(start pleo=disabled | controller=10.0.0.1
          page 10.0.0.1 nqn.a
          --
          wait 1000)",
       "300s page 10.0.0.1\n300s signal log_pages_changed 10.0.0.1 nvme0\n600s page 10.0.0.1\n900s page 10.0.0.1\n"},
      {"a read fails: again after 1 s, 2 s, 4 s, up to a minute; the page stays",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          reads 10.0.0.1 fail
          --
          aen nvme0
          wait 150
          ls)",
       "0s page 10.0.0.1\n1s page 10.0.0.1\n3s page 10.0.0.1\n7s page 10.0.0.1\n15s page 10.0.0.1\n31s page 10.0.0.1\n"
       "63s page 10.0.0.1\n123s page 10.0.0.1\n"
       "150s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"the first read failure is an error, repeats are debug",
       R"(start pleo=disabled | controller=10.0.0.1
          reads 10.0.0.1 fail
          journal
          --
          reconnected nvme0
          wait 30)",
       "0s page 10.0.0.1\n"
       "0s error: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Failed to retrieve log pages. "
       "Internal Error\n"
       "1s page 10.0.0.1\n3s page 10.0.0.1\n7s page 10.0.0.1\n15s page 10.0.0.1\n"},
      {"the controller is lost: its page stays",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          target 10.0.0.1 down
          vanish nvme0
          wait 3600
          --
          ls)",
       "0s ls 10.0.0.1 configured - entries=1\n"},
      {"lost during a fetch: the late error hurts nobody",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          hold 10.0.0.1 page
          aen nvme0
          --
          vanish nvme0
          wait 10
          release
          wait 10
          ls)",
       "10s connect 10.0.0.1\n10s page 10.0.0.1\n10s signal log_pages_changed 10.0.0.1 nvme0\n"
       "20s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"a connection is lost without an event: the audit tells",
       R"(start pleo=disabled | controller=10.0.0.1
          wait 10
          hold 10.0.0.1 page
          journal
          --
          alter nvme0 state=connecting
          wait 60
          scan
          scan
          alter nvme0 state=live
          scan)",
       "60s warning: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Connection lost; trying to "
       "reconnect, the log page stays known\n"
       "60s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Connection restored\n"
       "60s page 10.0.0.1\n"},
      {"its remove event was lost: the audit finds out: #2",
       R"(start pleo=disabled | controller=10.0.0.1
          wait 10
          --
          lose nvme0
          wait 10
          scan
          wait 10)",
       "13s connect 10.0.0.1\n13s page 10.0.0.1\n13s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"an interface that comes up, or gets an address, is a good moment, at most every 3 s",
       R"(iface eth0
          target 10.0.0.1 down
          start controller=10.0.0.1
          wait 50
          --
          link eth0 down
          link eth0 up
          wait 1
          iface eth1 10.0.0.9
          wait 4)",
       "0s connect 10.0.0.1\n3s connect 10.0.0.1\n"},
      {"so is the moment when the host wakes up: once, and the waiting times begin anew",
       R"(target 10.0.0.1 down
          start controller=10.0.0.1
          wait 50
          --
          resumed
          wait 10)",
       "0s connect 10.0.0.1\n3s connect 10.0.0.1\n9s connect 10.0.0.1\n"},
      {"... what is connected is left to those who notice whether it is",
       R"(start pleo=disabled | controller=10.0.0.1
          wait 50
          --
          resumed
          wait 10)",
       ""},
      {"a name that does not resolve is looked up then",
       R"(dns array fails
          start pleo=disabled | controller=array
          wait 41
          --
          resumed
          dns array 10.0.0.1
          iface eth1 10.0.0.9
          wait 3)",
       "0s resolve array\n3s resolve array\n3s connect 10.0.0.1\n3s page 10.0.0.1\n"
       "3s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"retries: 3 s, doubled up to a minute; the failure is told once",
       R"(target 10.0.0.1 down
          journal
          start controller=10.0.0.1
          wait 160)",
       "0s connect 10.0.0.1\n"
       "0s error: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) Failed to connect to controller. no "
       "route to 10.0.0.1\n"
       "3s connect 10.0.0.1\n9s connect 10.0.0.1\n21s connect 10.0.0.1\n45s connect 10.0.0.1\n93s connect 10.0.0.1\n"
       "153s connect 10.0.0.1\n"},
      {"SIGHUP while a connect is pending: no second one: #39",
       R"(hold 10.0.0.1 connect
          start pleo=disabled | controller=10.0.0.1
          --
          conf pleo=disabled | controller=10.0.0.1
          wait 60)",
       ""},
      {"one dead controller delays no other: #37",
       R"(hold 10.0.0.1 connect
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.2)",
       "0s connect 10.0.0.1\n0s connect 10.0.0.2\n0s page 10.0.0.2\n0s signal log_pages_changed 10.0.0.2 nvme0\n"},
  });
}

TEST(FinderPolicy, OneConnectionHasOneOwner) {
  check({
      {"unique and well-known NQN: one connection: #11",
       R"(unique 10.0.0.1 nqn.dc1
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.1/nqn.dc1
          wait 60
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=0\n0s ls 10.0.0.1/nqn.dc1 configured nvme0 entries=0\n"},
      {"... the owner goes, the other takes over: #11, #40",
       R"(unique 10.0.0.1 nqn.dc1
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.1/nqn.dc1
          mdns
          --
          conf pleo=disabled | controller=10.0.0.1/nqn.dc1
          wait 60
          ls)",
       "0s page 10.0.0.1\n1.5s signal dc_removed\n60s ls 10.0.0.1/nqn.dc1 configured nvme0 entries=0\n"
       "60s ls ended 10.0.0.1\n"},
      {"configured without, announced with an interface: one connection: #17",
       R"(iface eth0 10.0.0.7
          mdns 10.0.0.1%eth0
          start pleo=disabled | controller=10.0.0.1
          wait 60
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=0\n0s ls 10.0.0.1%eth0 discovered nvme0 entries=0\n"},
      {"a removed one does not snatch, and then cut, the connection that another one is making: #40",
       R"(iface eth0 10.0.0.7
          uevents
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 1
          conf pleo=disabled | controller=10.0.0.1%eth0
          lose nvme0
          --
          restart
          mdns
          wait 60
          ls)",
       "0s connect 10.0.0.1%eth0\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s signal log_pages_changed 10.0.0.1%eth0 nvme0\n1.5s signal dc_removed\n"
       "60s ls 10.0.0.1%eth0 configured nvme0 entries=0\n60s ls ended 10.0.0.1\n"},
      {"an existing connection is adopted, under another NQN as well: #11, #44",
       R"(device nvme4 10.0.0.1/nqn.dc1
          start pleo=disabled | controller=10.0.0.1)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme4\n"},
      {"an I/O controller at the same address is not adopted",
       R"(device nvme4 10.0.0.1/nqn.dc1 cntrltype=io
          start pleo=disabled | controller=10.0.0.1/nqn.dc1
          --
          ls)",
       "0s ls 10.0.0.1/nqn.dc1 configured nvme0 entries=0\n"},
      {"another host NQN: not adopted: #12",
       R"(device nvme4 10.0.0.1@nqn.other
          start pleo=disabled | controller=10.0.0.1
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"a name taken by another connection: nothing hits the new one: #28",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          conf pleo=disabled
          wait 1
          --
          lose nvme0
          device nvme0 10.0.0.9/nqn.other
          wait 60)",
       "0.5s signal dc_removed\n"},
      {"nothing is connected before the first scan: #44",
       R"(conf pleo=disabled | controller=10.0.0.1
          wait 60
          device nvme0 10.0.0.1
          wait 1
          scan)",
       "61s page 10.0.0.1\n61s signal log_pages_changed 10.0.0.1 nvme0\n"},
  });
}

// Compatibility contract 5.14.
TEST(FinderPolicy, ControllersOfOthersAreLeftToNvmeCli) {
  check({
      {"an unknown discovery controller has a changed log page, or is back",
       R"(start
          device nvme0 10.0.0.1
          --
          aen nvme0
          wait 5
          reconnected nvme0
          rediscover nvme0)",
       "0s nvme-cli nvme0\n5s nvme-cli nvme0\n"},
      {"an excluded one as well",
       R"(start exclude=10.0.0.1
          device nvme0 10.0.0.1
          --
          aen nvme0)",
       "0s nvme-cli nvme0\n"},
      {"never one of ours",
       R"(start pleo=disabled | controller=10.0.0.1
          --
          aen nvme0
          rediscover nvme0)",
       "0s page 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"one that will be ours when the connect has ended: we read its page",
       R"(hold 10.0.0.1 connect
          start pleo=disabled | controller=10.0.0.1
          device nvme5 10.0.0.1
          --
          aen nvme5
          wait 5
          change nvme5 traddr=10.0.0.9
          wait 5)",
       "5s nvme-cli nvme5\n"},
      {"before the first scan nobody knows what is whose",
       R"(conf
          device nvme0 10.0.0.1
          --
          aen nvme0
          wait 1
          scan)",
       "1s nvme-cli nvme0\n"},
      {"what is told about it",
       R"(start
          device nvme0 10.0.0.1
          journal
          --
          aen nvme0
          wait 5
          rediscover nvme0)",
       "0s info: nvme0 - Received AEN: Change of Discovery Log Page (0x70f002)\n0s nvme-cli nvme0\n"
       "5s info: nvme0 - Received \"rediscover\" event\n5s nvme-cli nvme0\n"},
      {"bursts are one, and the last news are not forgotten",
       R"(start
          device nvme0 10.0.0.1
          device nvme1 10.0.0.2
          --
          aen nvme0
          aen nvme0
          wait 0.5
          aen nvme0
          aen nvme0
          aen nvme1
          wait 5)",
       "0s nvme-cli nvme0\n0.5s nvme-cli nvme1\n1s nvme-cli nvme0\n"},
      {"it is gone before its turn",
       R"(start
          device nvme0 10.0.0.1
          aen nvme0
          --
          aen nvme0
          vanish nvme0
          wait 5)",
       ""},
      {"I/O controllers and other transports are nobody's business here",
       R"(start
          device nvme0 10.0.0.1/nqn.a cntrltype=io
          device nvme1 rdma:10.0.0.1
          device nvme2 loop:x
          --
          aen nvme0
          aen nvme1
          rediscover nvme2)",
       ""},
      {"not after the stop",
       R"(start
          device nvme0 10.0.0.1
          stop
          --
          aen nvme0)",
       ""},
  });
}

// More pages than are kept: the last one is not taken, is told once, and is taken when another has become shorter.
TEST(FinderPolicy, AllPagesTogetherHaveABound) {
  std::string story, start = "start ";
  for (int i = 1; i <= 11; ++i) {
    const auto address = "10.0.0." + std::to_string(10 + i);
    story += "page " + address + " full\n";
    start += (i > 1 ? " | controller=" : "controller=") + address;
  }
  const std::string told =
      "error: (tcp, 10.0.0.20, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme9 - Failed to "
      "retrieve log pages. It lists 65536 entries; all pages together would have 720896, and at "
      "most 655360 are kept";
  const auto signals = [](const std::string& text) {
    std::size_t count = 0;
    for (auto at = text.find("signal"); at != std::string::npos; at = text.find("signal", at + 1)) ++count;
    return count;
  };
  const auto begun = tell_finder("journal\n" + story + start + "\n--\nwait 300\n");
  const auto ended = tell_finder(story + start + "\nwait 10\njournal\n--\npage 10.0.0.13\naen nvme2\nwait 100");
  const auto at_start = tell_finder("journal\n" + story + start);
  EXPECT_NE(at_start.find(told), std::string::npos) << at_start;
  EXPECT_EQ(signals(at_start), 10U);
  EXPECT_EQ(begun.find("error"), std::string::npos) << "told again: " << begun;
  EXPECT_EQ(signals(ended), 2U) << "the shorter page, and the one that now fits: " << ended;
}

}  // namespace
}  // namespace stas::story
