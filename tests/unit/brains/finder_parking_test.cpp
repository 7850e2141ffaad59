// SPDX-License-Identifier: Apache-2.0
//
// A discovery controller that takes no persistent connections (stafd/parking): read, given back, read again from time
// to time.
#include "stafd/parking.h"

#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/notation.h"

namespace stas {
namespace {

TEST(TakesNoPersistence, OnlyTheEntryAboutItselfCounts) {
  const Tid tid = story::tid_of("10.0.0.1");
  const struct {
    const char* name;
    std::vector<const char*> page;
    const char* dctype;
    bool expect;
  } rows[] = {
      {"it says so", {"self=10.0.0.1"}, "ddc", true},
      {"it takes them", {"self=10.0.0.1+epcsd"}, "ddc", false},
      {"it says nothing of itself", {"nqn.a"}, "cdc", false},
      {"another port does, this one does not", {"self=10.0.0.1", "self=10.0.0.2+epcsd"}, "cdc", true},
      {"another port does not, this one does", {"self=10.0.0.1+epcsd", "self=10.0.0.2"}, "cdc", false},
      {"another service at the address", {"self=10.0.0.1:9009"}, "ddc", false},
      {"an NVM subsystem and a referral at the address", {"10.0.0.1:8009/nqn.a", "referral=10.0.0.1"}, "ddc", false},
      {"twice, of which one takes them", {"self=10.0.0.1", "self=10.0.0.1+epcsd"}, "ddc", false},
      {"it is from before the flags", {"self=10.0.0.1", "nqn.a"}, "none", false},
      {"nor does an old kernel show the type", {"self=10.0.0.1"}, "", false},
      {"it has another flag, so it knows them", {"self=10.0.0.1+dup"}, "none", true},
  };
  for (const auto& row : rows) {
    std::vector<Dlpe> entries;
    for (const char* token : row.page) entries.push_back(story::entry_of(token, tid));
    EXPECT_EQ(takes_no_persistence(Entries(std::move(entries)), tid, row.dctype), row.expect) << row.name;
  }
}

TEST(FinderParking, ReadGivenBackAndReadAgain) {
  story::check(
      {
          {"the page stays known; after 15 minutes it is looked whether it has changed",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1 nqn.a
              start controller=10.0.0.1
              wait 5
              ls
              wait 894
              page 10.0.0.1 self=10.0.0.1 nqn.a nqn.b
              wait 10
              ls)",
           "0s connect 10.0.0.1\n"
           "0s register 10.0.0.1\n"
           "0s supported 10.0.0.1\n"
           "0s page 10.0.0.1\n"
           "0s signal log_pages_changed 10.0.0.1 nvme0\n"
           "0s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"
           "5s ls 10.0.0.1 configured - entries=2\n"
           "900s connect 10.0.0.1\n"
           "900s register 10.0.0.1\n"
           "900s supported 10.0.0.1\n"
           "900s page 10.0.0.1\n"
           "900s signal log_pages_changed 10.0.0.1 nvme0\n"
           "900s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"
           "909s ls 10.0.0.1 configured - entries=3\n"},
          {"read over another name of it first, with an entry that cannot be used any more: what it was stays",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1/nqn.dc nqn.a nqn.b
              start pleo=disabled
              mdns 10.0.0.1/nqn.dc%eth0
              wait 5
              page 10.0.0.1 self=10.0.0.1/nqn.dc nqn.b skipped=nqn.a
              mdns 10.0.0.1/nqn.dc%eth0 10.0.0.1%eth0
              wait 5
              --
              mdns 10.0.0.1%eth0
              mdns 10.0.0.1/nqn.dc%eth0 10.0.0.1%eth0
              wait 1000
              ls)",
           "0s connect 10.0.0.1/nqn.dc%eth0\n0s signal log_pages_changed 10.0.0.1/nqn.dc%eth0 nvme0\n"
           "0s register 10.0.0.1/nqn.dc%eth0\n0s page 10.0.0.1/nqn.dc%eth0\n"
           "0s signal log_pages_changed 10.0.0.1/nqn.dc%eth0 nvme0\n0s signal log_pages_changed 10.0.0.1%eth0 nvme0\n"
           "0s disconnect nvme0 10.0.0.1/nqn.dc%eth0 (it takes no persistent connections (EPCSD=0))\n"
           "900s connect 10.0.0.1/nqn.dc%eth0\n900s register 10.0.0.1/nqn.dc%eth0\n900s page 10.0.0.1/nqn.dc%eth0\n"
           "900s disconnect nvme0 10.0.0.1/nqn.dc%eth0 (it takes no persistent connections (EPCSD=0))\n"
           "1000s ls 10.0.0.1/nqn.dc%eth0 discovered - entries=3\n1000s ls 10.0.0.1%eth0 discovered - entries=3\n"},
          {"nobody is told of a page that is the same; it says why it is not connected",
           R"(dctype 10.0.0.1 cdc
              page 10.0.0.1 self=10.0.0.1 nqn.a
              start controller=10.0.0.1
              wait 5
              --
              wait 900
              explain 10.0.0.1)",
           "895s connect 10.0.0.1\n"
           "895s register 10.0.0.1\n"
           "895s page 10.0.0.1\n"
           "895s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"
           "900s explain 10.0.0.1 wanted (configured) since 905.0s [conf:2] kato=30<default> "
           "ctrl-loss-tmo=600<default> trsvcid=8009<conf:2> parked, next in 895.0s, parked: it takes no persistent "
           "connections (EPCSD=0 in its log page), log page: 2 entries, generation 2, read or checked 5 s ago, "
           "registration: done\n"},
          {"an address that is new and its own uevents do not wake it; a new announcement and a reload do",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1
              mdns 10.0.0.1
              uevents
              start
              wait 5
              --
              iface eth0 10.0.0.77
              wait 5
              mdns
              wait 5
              mdns 10.0.0.1
              scan lost
              wait 5
              conf
              wait 5)",
           "10s connect 10.0.0.1\n"
           "10s register 10.0.0.1\n"
           "10s supported 10.0.0.1\n"
           "10s page 10.0.0.1\n"
           "10s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"
           "15s connect 10.0.0.1\n"
           "15s register 10.0.0.1\n"
           "15s supported 10.0.0.1\n"
           "15s page 10.0.0.1\n"
           "15s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"},
          {"the host wakes up: time went on while its clock stood still",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1
              start controller=10.0.0.1
              wait 5
              --
              resumed)",
           "0s connect 10.0.0.1\n"
           "0s register 10.0.0.1\n"
           "0s supported 10.0.0.1\n"
           "0s page 10.0.0.1\n"
           "0s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"},
          {"it is not there at the time: the usual attempts, and parked again",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1
              start controller=10.0.0.1
              wait 5
              --
              target 10.0.0.1 down
              wait 900
              target 10.0.0.1 up
              wait 20
              wait 890)",
           "895s connect 10.0.0.1\n"
           "898s connect 10.0.0.1\n"
           "904s connect 10.0.0.1\n"
           "904s register 10.0.0.1\n"
           "904s supported 10.0.0.1\n"
           "904s page 10.0.0.1\n"
           "904s signal log_pages_changed 10.0.0.1 nvme0\n"
           "904s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"
           "1804s connect 10.0.0.1\n"
           "1804s register 10.0.0.1\n"
           "1804s supported 10.0.0.1\n"
           "1804s page 10.0.0.1\n"
           "1804s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"},
          {"what somebody else connected is read and stays as it is",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1
              device nvme0 10.0.0.1
              start controller=10.0.0.1
              wait 2000)",
           "0s supported 10.0.0.1\n"
           "0s page 10.0.0.1\n"
           "0s signal log_pages_changed 10.0.0.1 nvme0\n"
           "300s page 10.0.0.1\n"
           "600s page 10.0.0.1\n"
           "900s page 10.0.0.1\n"
           "1200s page 10.0.0.1\n"
           "1500s page 10.0.0.1\n"
           "1800s page 10.0.0.1\n"},
          {"a disconnect that fails is tried again, and the page is read meanwhile",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1
              target nvme0 undeletable
              start controller=10.0.0.1
              wait 5
              target nvme0 deletable
              wait 20)",
           "0s connect 10.0.0.1\n"
           "0s register 10.0.0.1\n"
           "0s supported 10.0.0.1\n"
           "0s page 10.0.0.1\n"
           "0s signal log_pages_changed 10.0.0.1 nvme0\n"
           "0s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"
           "3s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"
           "9s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"},
          {"it takes them after all, and has not been cut yet: lost, it is connected again soon",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1
              target nvme0 undeletable
              start controller=10.0.0.1
              wait 2
              page 10.0.0.1 self=10.0.0.1+epcsd
              aen nvme0
              wait 100
              target nvme0 deletable
              --
              vanish nvme0
              wait 5)",
           "3s connect 10.0.0.1\n"
           "3s register 10.0.0.1\n"
           "3s supported 10.0.0.1\n"
           "3s page 10.0.0.1\n"
           "3s signal log_pages_changed 10.0.0.1 nvme0\n"},
          {"its line goes while it is parked: it is forgotten, and nothing is cut",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1
              start controller=10.0.0.1
              wait 5
              --
              conf
              wait 1000
              ls)",
           "1.5s signal dc_removed\n"
           "1000s ls ended 10.0.0.1\n"},
          {"what it refers to stays",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1 referral=10.0.0.2
              start controller=10.0.0.1
              wait 100
              --
              wait 1000
              ls)",
           "200s page 10.0.0.2\n"
           "500s page 10.0.0.2\n"
           "800s page 10.0.0.2\n"
           "800s connect 10.0.0.1\n"
           "800s register 10.0.0.1\n"
           "800s supported 10.0.0.1\n"
           "800s page 10.0.0.1\n"
           "800s disconnect nvme1 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"
           "1000s ls 10.0.0.1 configured - entries=2\n"
           "1000s ls 10.0.0.2 referral nvme0 entries=0\n"},
          {"silent for mDNS while it is parked: given up only when it cannot be reached either",
           R"(dctype 10.0.0.1 ddc
              page 10.0.0.1 self=10.0.0.1
              mdns 10.0.0.1
              start zeroconf-connections-persistence=20 minutes
              wait 5
              mdns
              --
              wait 1000
              ls
              --
              target 10.0.0.1 down
              wait 1990
              --
              wait 100
              ls)",
           "6.5s signal dc_removed\n"
           "100s ls ended 10.0.0.1\n"},
          {"it takes no connection that is being made again",
           R"(dctype 10.0.0.1 ddc
          page 10.0.0.1 self=10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          wait 1
          device nvme7 10.0.0.1 state=connecting
          wait 1
          --
          wait 1
          ls
          vanish nvme7
          wait 100)",
           "1s ls 10.0.0.1 configured - entries=2\n"},
          {"entries that cannot be used: told once",
           R"(dctype 10.0.0.1 ddc
          page 10.0.0.1 self=10.0.0.1 nqn.a skipped=nqn.b
          start pleo=disabled | controller=10.0.0.1
          --
          journal
          wait 1000)",
           "900s connect 10.0.0.1\n"
           "900s register 10.0.0.1\n"
           "900s page 10.0.0.1\n"
           "900s disconnect nvme0 10.0.0.1 (it takes no persistent connections (EPCSD=0))\n"},
      },
      story::tell_finder);
}

}  // namespace
}  // namespace stas
