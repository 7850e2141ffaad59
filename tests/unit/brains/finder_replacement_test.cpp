// SPDX-License-Identifier: Apache-2.0
//
// stafd makes the new connection before the old one goes, as stories (driver.h has the notation): a line, a referral or
// a host name that gets another address or interface, what counts as a replacement, and how long is waited for it.
// stacd: connector_replacement_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderEvidence, MakeBeforeBreak) {
  check({
      {"the line gets an interface: the same device, nothing is cut",
       R"(iface eth0 10.0.0.9
          page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          change nvme0 src_addr=10.0.0.9
          --
          conf pleo=disabled | controller=10.0.0.1%eth0
          wait 100
          ls)",
       "0s signal log_pages_changed 10.0.0.1%eth0 nvme0\n"
       "0s page 10.0.0.1\n"
       "1.5s signal dc_removed\n"
       "100s ls 10.0.0.1%eth0 configured nvme0 entries=1\n"
       "100s ls ended 10.0.0.1\n"},
      {"the line's interface changes: the new connection first",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          start pleo=disabled | controller=10.0.0.1%eth0
          mdns
          change nvme0 src_addr=10.0.0.7
          hold 10.0.0.1 connect
          --
          conf pleo=disabled | controller=10.0.0.1%eth1
          wait 10
          ls
          release
          wait 5
          ls)",
       "0s page 10.0.0.1%eth0\n"
       "0s connect 10.0.0.1%eth1\n"
       "10s ls 10.0.0.1%eth0 configured nvme0 entries=0\n"
       "10s ls 10.0.0.1%eth1 configured - entries=?\n"
       "10s page 10.0.0.1%eth1\n"
       "10s signal log_pages_changed 10.0.0.1%eth1 nvme1\n"
       "10s disconnect nvme0 10.0.0.1%eth0 (no longer configured)\n"
       "10s signal dc_removed\n"
       "15s ls 10.0.0.1%eth1 configured nvme1 entries=0\n"
       "15s ls ended 10.0.0.1%eth0\n"},
      {"the line's host-traddr changes: the new connection first, and its page",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1<10.0.0.7
          mdns
          reads 10.0.0.1 fail
          --
          conf pleo=disabled | controller=10.0.0.1<10.0.0.8
          wait 10
          ls
          reads 10.0.0.1 work
          wait 10
          ls)",
       "0s page 10.0.0.1<10.0.0.7\n"
       "0s connect 10.0.0.1<10.0.0.8\n"
       "0s page 10.0.0.1<10.0.0.8\n"
       "1s page 10.0.0.1<10.0.0.7\n"
       "1s page 10.0.0.1<10.0.0.8\n"
       "3s page 10.0.0.1<10.0.0.7\n"
       "3s page 10.0.0.1<10.0.0.8\n"
       "7s page 10.0.0.1<10.0.0.7\n"
       "7s page 10.0.0.1<10.0.0.8\n"
       "10s ls 10.0.0.1<10.0.0.7 configured nvme0 entries=1\n"
       "10s ls 10.0.0.1<10.0.0.8 configured nvme1 entries=?\n"
       "15s page 10.0.0.1<10.0.0.7\n"
       "15s page 10.0.0.1<10.0.0.8\n"
       "15s signal log_pages_changed 10.0.0.1<10.0.0.8 nvme1\n"
       "15s disconnect nvme0 10.0.0.1<10.0.0.7 (no longer configured)\n"
       "15s signal dc_removed\n"
       "20s ls 10.0.0.1<10.0.0.8 configured nvme1 entries=1\n"
       "20s ls ended 10.0.0.1<10.0.0.7\n"},
      {"... it cannot be made: the old one stays a minute",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          target 10.0.0.2 down
          --
          conf pleo=disabled | controller=10.0.0.2
          wait 59
          why
          wait 10)",
       "0s page 10.0.0.1\n0s connect 10.0.0.2\n3s connect 10.0.0.2\n9s connect 10.0.0.2\n"
       "21s connect 10.0.0.2\n45s connect 10.0.0.2\n"
       "59s why 10.0.0.1 held for the log page of (tcp, 10.0.0.2, 8009, nqn.2014-08.org.nvmexpress.discovery), "
       "which takes its place, at rest\n"
       "59s why 10.0.0.2 wanted: configured\n60s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "60s signal dc_removed\n"},
      {"a referral moves: the children of the old one stay with it until the new one is read",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 referral=10.0.0.4
          page 10.0.0.3 referral=10.0.0.4
          start pleo=disabled | controller=10.0.0.1
          mdns
          hold 10.0.0.3 connect
          page 10.0.0.1 referral=10.0.0.3
          --
          aen nvme0
          wait 20
          ls
          release
          wait 20
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n0s connect 10.0.0.3\n"
       "20s ls 10.0.0.1 configured nvme0 entries=1\n20s ls 10.0.0.2 referral nvme1 entries=1\n"
       "20s ls 10.0.0.4 referral nvme2 entries=0\n20s ls 10.0.0.3 referral - entries=?\n20s page 10.0.0.3\n"
       "20s signal log_pages_changed 10.0.0.3 nvme3\n20s disconnect nvme1 10.0.0.2 (no longer referred to)\n"
       "20s signal dc_removed\n40s ls 10.0.0.1 configured nvme0 entries=1\n"
       "40s ls 10.0.0.4 referral nvme2 entries=0\n40s ls 10.0.0.3 referral nvme3 entries=1\n"
       "40s ls ended 10.0.0.2\n"},
      {"... the new one is referred to before the old one is not any more",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          target 10.0.0.3 down
          page 10.0.0.1 referral=10.0.0.2 referral=10.0.0.3
          aen nvme0
          wait 10
          page 10.0.0.1 referral=10.0.0.3
          --
          aen nvme0
          wait 10
          why
          target 10.0.0.3 up
          wait 50)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n10s why 10.0.0.1 wanted: configured\n"
       "10s why 10.0.0.2 held for the log page of (tcp, 10.0.0.3, 8009, nqn.2014-08.org.nvmexpress.discovery), which "
       "takes its place, at rest\n10s why 10.0.0.3 wanted: referred to by a discovery controller\n"
       "11s connect 10.0.0.3\n11s page 10.0.0.3\n11s signal log_pages_changed 10.0.0.3 nvme2\n"
       "11s disconnect nvme1 10.0.0.2 (no longer referred to)\n11s signal dc_removed\n"},
      {"one that was there before is no replacement",
       R"(target 10.0.0.2 down
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.2
          mdns
          wait 60
          --
          conf pleo=disabled | controller=10.0.0.2
          wait 2)",
       "0s page 10.0.0.1\n0s connect 10.0.0.2\n1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "1.5s signal dc_removed\n"},
      {"ignore-iface= changes: the old name goes, the connection does not",
       R"(iface eth0 10.0.0.7
          mdns 10.0.0.1%eth0
          start pleo=disabled
          wait 10
          --
          conf pleo=disabled | ignore-iface=true
          wait 10
          ls)",
       "0s signal log_pages_changed 10.0.0.1 nvme0\n0s page 10.0.0.1%eth0\n1.5s signal dc_removed\n"
       "10s ls 10.0.0.1 discovered nvme0 entries=0\n10s ls ended 10.0.0.1%eth0\n"},
      {"a line that cannot be read and has its address may be to replace the referral; a doubt about anything is not",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          wait 20
          --
          doubt 10.0.0.2
          page 10.0.0.1
          conf pleo=disabled | controller=10.0.0.1
          wait 10
          doubt anything
          conf pleo=disabled | controller=10.0.0.1
          wait 3)",
       "0s page 10.0.0.1\n0s page 10.0.0.2\n0s signal log_pages_changed 10.0.0.1 nvme0\n10s page 10.0.0.1\n"
       "10s page 10.0.0.2\n11.5s disconnect nvme1 10.0.0.2 (no longer referred to)\n11.5s signal dc_removed\n"},
      {"a line with an interface becomes one with a host name, which leaves the interface open and has no address yet",
       R"(dns dc.example fails
          start pleo=disabled | controller=10.0.0.1%eth0
          --
          conf pleo=disabled | controller=dc.example
          wait 10
          ls)",
       "0s page 10.0.0.1%eth0\n0s resolve dc.example\n4.6664s resolve dc.example\n"
       "10s ls 10.0.0.1%eth0 configured nvme0 entries=0\n"},
      {"a host name with two addresses: the second is tried; what the first said stays until then",
       R"(dns dc.example 10.0.0.1 10.0.0.2
          page 10.0.0.1 nqn.a
          page 10.0.0.2 nqn.b
          start pleo=disabled | controller=dc.example
          mdns
          wait 100
          target 10.0.0.1 down
          target 10.0.0.2 down
          vanish nvme0
          wait 100
          ls
          why
          target 10.0.0.2 up
          --
          wait 100
          ls)",
       "56s connect 10.0.0.1\n56s connect 10.0.0.2\n56s resolve dc.example\n56s page 10.0.0.2\n"
       "56s signal log_pages_changed 10.0.0.2 nvme0\n57.5s signal dc_removed\n"
       "100s ls 10.0.0.2 configured nvme0 entries=1\n100s ls ended 10.0.0.1\n"},
      {"a line with its NQN becomes one without, with a host name that has no address yet",
       R"(dns dc.example fails
          unique 10.0.0.1 nqn.dc1
          start pleo=disabled | controller=10.0.0.1/nqn.dc1
          mdns
          wait 1
          --
          conf pleo=disabled | controller=dc.example
          wait 60
          why)",
       "0s page 10.0.0.1/nqn.dc1\n"
       "0s resolve dc.example\n"
       "4.6664s resolve dc.example\n"
       "14.6862s resolve dc.example\n"
       "36.5884s resolve dc.example\n"
       "60s why 10.0.0.1/nqn.dc1 held for the address of dc.example\n"},
  });
}

}  // namespace
}  // namespace stas::story
