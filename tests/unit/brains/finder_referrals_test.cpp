// SPDX-License-Identifier: Apache-2.0
//
// Referrals, as stories (driver.h has the notation): how far they lead, which of several is connected (DUPRETINFO), and
// when one ends, also where the one who referred to it is not there. Numbers with '#' are rows of the list of
// regressions.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderPolicy, ReferralsEnd) {
  check({
      {"to itself: #27",
       R"(page 10.0.0.1 referral=10.0.0.1
          start pleo=disabled | controller=10.0.0.1
          wait 60
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"to each other: #27",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 referral=10.0.0.1
          start pleo=disabled | controller=10.0.0.1
          wait 60
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=1\n0s ls 10.0.0.2 referral nvme1 entries=1\n"},
      {"two that refer to each other do not keep each other alive: #27",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 referral=10.0.0.3
          page 10.0.0.3 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          page 10.0.0.1
          aen nvme0
          wait 60
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=0\n0s ls ended 10.0.0.2\n0s ls ended 10.0.0.3\n"},
      {"a deep chain is cut after eight, with one message: #27",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 referral=10.0.0.3
          page 10.0.0.3 referral=10.0.0.4
          page 10.0.0.4 referral=10.0.0.5
          page 10.0.0.5 referral=10.0.0.6
          page 10.0.0.6 referral=10.0.0.7
          page 10.0.0.7 referral=10.0.0.8
          page 10.0.0.8 referral=10.0.0.9
          page 10.0.0.9 referral=10.0.0.10
          page 10.0.0.10 referral=10.0.0.11
          start pleo=disabled | controller=10.0.0.1
          wait 5
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=1\n"
       "0s ls 10.0.0.2 referral nvme1 entries=1\n"
       "0s ls 10.0.0.3 referral nvme2 entries=1\n"
       "0s ls 10.0.0.4 referral nvme3 entries=1\n"
       "0s ls 10.0.0.5 referral nvme4 entries=1\n"
       "0s ls 10.0.0.6 referral nvme5 entries=1\n"
       "0s ls 10.0.0.7 referral nvme6 entries=1\n"
       "0s ls 10.0.0.8 referral nvme7 entries=1\n"
       "0s ls 10.0.0.9 referral nvme8 entries=1\n"},
      {"DUPRETINFO: one of them is enough: #24",
       R"(page 10.0.0.1 referral=10.0.0.2+dup referral=10.0.0.3+dup referral=10.0.0.4
          start pleo=disabled | controller=10.0.0.1
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=3\n0s ls 10.0.0.2 referral nvme1 entries=0\n"
       "0s ls 10.0.0.4 referral nvme2 entries=0\n"},
      {"DUPRETINFO: the next one when the first does not answer: #24",
       R"(target 10.0.0.2 down
          page 10.0.0.1 referral=10.0.0.2+dup referral=10.0.0.3+dup
          start pleo=disabled | controller=10.0.0.1
          wait 10
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=2\n0s ls 10.0.0.3 referral nvme1 entries=0\n"
       "0s ls ended 10.0.0.2\n"},
  });
}

TEST(FinderEvidence, ReferralsOfWhatIsNotThere) {
  check({
      {"DUPRETINFO: the first comes back: the one that serves goes on",
       R"(target 10.0.0.2 down
          page 10.0.0.1 referral=10.0.0.2+dup referral=10.0.0.3+dup
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          ls
          target 10.0.0.2 up
          --
          aen nvme0
          wait 100
          restart
          mdns
          wait 100
          ls)",
       "0s page 10.0.0.1\n100s page 10.0.0.1\n100s page 10.0.0.3\n100s signal log_pages_changed 10.0.0.1 nvme0\n"
       "100s signal log_pages_changed 10.0.0.3 nvme1\n"
       "200s ls 10.0.0.1 configured nvme0 entries=2\n200s ls 10.0.0.3 referral nvme1 entries=0\n"
       "200s ls ended 10.0.0.2\n"},
      {"DUPRETINFO: a dead one is put before it: the one that serves goes on",
       R"(page 10.0.0.1 referral=10.0.0.3+dup
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.2 down
          page 10.0.0.1 referral=10.0.0.2+dup referral=10.0.0.3+dup
          --
          aen nvme0
          wait 100
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "100s ls 10.0.0.1 configured nvme0 entries=2\n100s ls 10.0.0.3 referral nvme1 entries=0\n"},
      {"DUPRETINFO: the one that served is lost: it stays until another serves",
       R"(page 10.0.0.1 referral=10.0.0.2+dup referral=10.0.0.3+dup
          page 10.0.0.2 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.2 down
          target 10.0.0.3 down
          vanish nvme1
          wait 100
          ls
          target 10.0.0.3 up
          --
          wait 100
          ls)",
       "56s connect 10.0.0.2\n59s connect 10.0.0.3\n59s page 10.0.0.3\n"
       "59s signal log_pages_changed 10.0.0.3 nvme1\n60.5s signal dc_removed\n100s page 10.0.0.1\n"
       "100s ls 10.0.0.1 configured nvme0 entries=2\n100s ls 10.0.0.3 referral nvme1 entries=0\n"
       "100s ls ended 10.0.0.2\n"},
      {"announced and referred to, lost: the end of its persistence time is not its end",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 nqn.a
          mdns 10.0.0.2
          start pleo=disabled | zeroconf-connections-persistence=60 | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.2 down
          vanish nvme1
          --
          wait 250
          ls)",
       "3s connect 10.0.0.2\n6s connect 10.0.0.2\n12s connect 10.0.0.2\n24s connect 10.0.0.2\n"
       "48s connect 10.0.0.2\n96s connect 10.0.0.2\n156s connect 10.0.0.2\n200s page 10.0.0.1\n"
       "216s connect 10.0.0.2\n250s ls 10.0.0.1 configured nvme0 entries=1\n"
       "250s ls 10.0.0.2 referral - entries=1\n"},
      {"who referred to it was not saved: not before every page is known can one say that nobody does",
       R"(remember 10.0.0.3 referral
          reads 10.0.0.1 fail
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          ls
          reads 10.0.0.1 work
          --
          wait 100
          ls)",
       "23s page 10.0.0.1\n23s signal log_pages_changed 10.0.0.1 nvme0\n"
       "24.5s disconnect nvme1 10.0.0.3 (no longer referred to)\n24.5s signal dc_removed\n"
       "100s ls 10.0.0.1 configured nvme0 entries=0\n100s ls ended 10.0.0.3\n"},
      {"the page of who referred to it was not saved, and cannot be read: it stays",
       R"(remember 10.0.0.1 configured unread
          remember 10.0.0.2 referral parent=10.0.0.1 nqn.a
          device nvme5 10.0.0.2
          target 10.0.0.1 down
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 900
          --
          ls
          why)",
       "0s ls 10.0.0.1 configured - entries=?\n0s ls 10.0.0.2 referral nvme5 entries=0\n"
       "0s why 10.0.0.1 wanted: configured\n"
       "0s why 10.0.0.2 held for the log page of (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery)\n"},
      {"what is kept for a name that is not read refers to who referred to it: it stays kept",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          target 10.0.0.1 down
          vanish nvme0
          wait 10
          conf pleo=disabled | controller=10.0.0.1%eth0
          wait 70
          page 10.0.0.2 referral=10.0.0.1
          aen nvme1
          wait 1
          --
          wait 60
          ls
          why)",
       "2s connect 10.0.0.1\n"
       "8s connect 10.0.0.1\n"
       "20s connect 10.0.0.1\n"
       "22s connect 10.0.0.1%eth0\n"
       "44s connect 10.0.0.1\n"
       "60s ls 10.0.0.2 referral nvme1 entries=1\n"
       "60s ls 10.0.0.1%eth0 configured - entries=?\n"
       "60s ls 10.0.0.1 referral - entries=?\n"
       "60s why 10.0.0.2 held for the log page of (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery, eth0)\n"
       "60s why 10.0.0.1%eth0 wanted: configured\n"
       "60s why 10.0.0.1 wanted: referred to by a discovery controller\n"},
      {"... for ten minutes and one: that the two refer to each other makes it no longer",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 referral=10.0.0.1
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.1 down
          vanish nvme0
          wait 1
          conf pleo=disabled | controller=10.0.0.1%eth1
          wait 650
          --
          wait 30
          why)",
       "10s signal dc_removed\n11.5s disconnect nvme1 10.0.0.2 (no longer referred to)\n11.5s signal dc_removed\n"
       "30s why 10.0.0.1%eth1 wanted: configured\n"},
      {"the one that goes had a newer page than the one that stays, and cannot be read",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1%eth0 | controller=10.0.0.1%eth1
          mdns
          change nvme0 src_addr=10.0.0.7
          change nvme1 src_addr=10.0.1.7
          wait 10
          change nvme1 state=connecting src_addr=
          page 10.0.0.1 nqn.a referral=10.0.0.2
          aen nvme0
          wait 1
          conf pleo=disabled | controller=10.0.0.1%eth1
          --
          wait 100
          ls
          why)",
       "60s disconnect nvme0 10.0.0.1%eth0 (no longer configured)\n"
       "60s signal dc_removed\n"
       "100s ls 10.0.0.1%eth1 configured nvme1 entries=1\n"
       "100s ls 10.0.0.2%eth0 referral nvme2 entries=0\n"
       "100s ls ended 10.0.0.1%eth0\n"
       "100s why 10.0.0.1%eth1 wanted: configured\n"
       "100s why 10.0.0.2%eth0 held for the log page of (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery, "
       "eth1)\n"},
  });
}

}  // namespace
}  // namespace stas::story
