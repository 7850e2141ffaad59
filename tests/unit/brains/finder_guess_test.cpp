// SPDX-License-Identifier: Apache-2.0
//
// stafd and connections that do not show what they are, do not work, or are known under another name or identity, and
// host names with several addresses (driver.h has the notation).
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderGuess, AGuessIsSettledWhenItShows) {
  check({
      {"adopted while it was down, it leaves another way: the controller gets its own",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          device nvme5 10.0.0.1 state=connecting
          start pleo=disabled | controller=10.0.0.1%eth0
          --
          wait 100
          change nvme5 state=live src_addr=10.0.1.7
          wait 1
          ls)",
       "100s connect 10.0.0.1%eth0\n100s page 10.0.0.1%eth0\n100s signal log_pages_changed 10.0.0.1%eth0 nvme0\n"
       "101s ls 10.0.0.1%eth0 configured nvme0 entries=0\n"},
      {"one that shows it is taken before one that does not",
       R"(iface eth0 10.0.0.7
          device nvme4 10.0.0.1 state=connecting
          device nvme5 10.0.0.1%eth0 state=connecting
          start pleo=disabled | controller=10.0.0.1%eth0
          --
          ls)",
       "0s ls 10.0.0.1%eth0 configured nvme5 entries=?\n"},
      {"what it read later over its own connection it goes on showing, until that is read",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          change nvme0 src_addr=10.0.0.7
          conf pleo=disabled | controller=10.0.0.1 | controller=10.0.0.1%eth1
          change nvme1 src_addr=10.0.1.7
          wait 100
          page 10.0.0.1 nqn.a nqn.b
          aen nvme1
          wait 1
          change nvme0 state=connecting src_addr=
          vanish nvme1
          wait 0
          --
          ls
          change nvme0 state=live src_addr=10.0.0.7
          wait 100
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=1\n"
       "0s ls 10.0.0.1%eth1 configured nvme0 entries=2\n"
       "0s page 10.0.0.1\n"
       "0s connect 10.0.0.1%eth1\n"
       "0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s page 10.0.0.1%eth1\n"
       "0s signal log_pages_changed 10.0.0.1%eth1 nvme1\n"
       "100s ls 10.0.0.1 configured nvme0 entries=2\n"
       "100s ls 10.0.0.1%eth1 configured nvme1 entries=2\n"},
  });
}

TEST(FinderGuess, WhatWorksStays) {
  check({
      {"two become one by ignore-iface: the one that works is kept",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          start pleo=disabled | controller=10.0.0.1%eth0 | controller=10.0.0.1%eth1
          change nvme0 src_addr=10.0.0.7
          change nvme1 src_addr=10.0.1.7
          conf pleo=disabled | ignore-iface=true | controller=10.0.0.1%eth0 | controller=10.0.0.1%eth1
          wait 0
          change nvme0 state=connecting
          --
          wait 100
          ls)",
       "5s disconnect nvme0 10.0.0.1%eth0 (no longer configured)\n5s signal dc_removed\n5s signal dc_removed\n"
       "100s ls 10.0.0.1 configured nvme1 entries=0\n100s ls ended 10.0.0.1%eth1\n100s ls ended 10.0.0.1%eth0\n"},
      {"one that was cut has no business with what somebody else connects there",
       R"(start pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          --
          conf pleo=disabled | zeroconf=disabled
          wait 1
          device nvme7 10.0.0.1
          wait 10
          ls)",
       "0s page 10.0.0.1\n1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n1.5s signal dc_removed\n"
       "11s ls ended 10.0.0.1\n"},
      {"a replacement that was lost at once does not count",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          start pleo=disabled | zeroconf=disabled | controller=10.0.0.1%eth0
          --
          conf pleo=disabled | zeroconf=disabled | controller=10.0.0.1%eth1
          change nvme1 state=connecting
          wait 30
          why)",
       "0s page 10.0.0.1%eth0\n0s connect 10.0.0.1%eth1\n0s page 10.0.0.1%eth1\n0s signal log_pages_changed "
       "10.0.0.1%eth1 nvme1\n"
       "30s why 10.0.0.1%eth0 held for the log page of (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery, "
       "eth1), which takes its place, at rest\n30s why 10.0.0.1%eth1 wanted: configured\n"},
      {"... nor does one that came back and was not read since",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          start pleo=disabled | zeroconf=disabled | controller=10.0.0.1%eth0
          --
          conf pleo=disabled | zeroconf=disabled | controller=10.0.0.1%eth1
          change nvme1 state=connecting
          wait 10
          reads 10.0.0.1 fail
          change nvme1 state=live
          wait 10
          why)",
       "0s page 10.0.0.1%eth0\n0s connect 10.0.0.1%eth1\n0s page 10.0.0.1%eth1\n0s signal log_pages_changed "
       "10.0.0.1%eth1 nvme1\n10s page 10.0.0.1%eth1\n11s page 10.0.0.1%eth1\n13s page 10.0.0.1%eth1\n17s page "
       "10.0.0.1%eth1\n"
       "20s why 10.0.0.1%eth0 held for the log page of (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery, "
       "eth1), which takes its place, at rest\n20s why 10.0.0.1%eth1 wanted: configured\n"},
  });
}

TEST(FinderGuess, AHostNameWithSeveralDeadAddresses) {
  check({
      {"is raced in rounds, with a pause between them, and told of once",
       R"(dns array.example 10.0.0.1 10.0.0.2
          target 10.0.0.1 down
          target 10.0.0.2 down
          journal
          --
          start pleo=disabled | zeroconf=disabled | controller=array.example
          wait 11)",
       "0s resolve array.example\n0s connect 10.0.0.1\n"
       "0s error: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) Failed to connect to controller. no "
       "route to 10.0.0.1, none to 10.0.0.2\n"
       "0s resolve array.example\n"
       "3s connect 10.0.0.1\n3s resolve array.example\n9s connect 10.0.0.1\n9s resolve array.example\n"},
      {"IPv4 is preferred and IPv6 answers: that is used, and first when that is lost",
       R"(dns array.example fd00::1 10.0.0.1
          target 10.0.0.1 down
          --
          start pleo=disabled | zeroconf=disabled | controller=array.example
          target 10.0.0.1 up
          wait 70
          vanish nvme0
          wait 5
          ls)",
       "0s resolve array.example\n0s connect 10.0.0.1\n0s connect [fd00::1]\n0s resolve array.example\n"
       "0s page [fd00::1]\n0s signal log_pages_changed [fd00::1] nvme0\n"
       "73s connect [fd00::1]\n73s page [fd00::1]\n73s signal log_pages_changed [fd00::1] nvme0\n"
       "75s ls [fd00::1] configured nvme0 entries=0\n"},
  });
}

TEST(FinderGuess, AnotherHostNqn) {
  check({
      {"the device went while it was read: the next attempt is by the new name",
       R"(start pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          hold 10.0.0.1 page
          hostnqn nqn.other
          conf pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          vanish nvme0
          --
          release
          wait 10)",
       "0s signal log_pages_changed 10.0.0.1@nqn.other nvme?\n3s connect 10.0.0.1@nqn.other\n"
       "3s page 10.0.0.1@nqn.other\n3s signal log_pages_changed 10.0.0.1@nqn.other nvme0\n"},
  });
}

}  // namespace
}  // namespace stas::story
