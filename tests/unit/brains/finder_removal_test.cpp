// SPDX-License-Identifier: Apache-2.0
//
// Policy of stafd as stories (driver.h has the notation): when a discovery controller is given up, and what is no
// reason to. Numbers with '#' are rows of the list of regressions, D-nn findings of the compatibility contract.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderPolicy, RemovesOnEvidenceAfterTheSoak) {
  check({
      {"its controller= line is removed",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          --
          conf pleo=disabled
          wait 60
          ls)",
       "0s page 10.0.0.1\n"
       "1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n1.5s signal dc_removed\n60s ls ended 10.0.0.1\n"},
      {"... whatever persistent-connections says",
       R"(start pleo=disabled | persistent-connections=true | controller=10.0.0.1
          mdns
          --
          conf pleo=disabled | persistent-connections=true
          wait 60)",
       "0s page 10.0.0.1\n1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n1.5s signal dc_removed\n"},
      {"the line comes back during the soak: nothing",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          conf pleo=disabled
          wait 1
          --
          conf pleo=disabled | controller=10.0.0.1
          wait 60
          ls)",
       "0s page 10.0.0.1\n60s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"the referral vanishes from the page",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          page 10.0.0.1
          --
          aen nvme0
          wait 60)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "1.5s disconnect nvme1 10.0.0.2 (no longer referred to)\n1.5s signal dc_removed\n"},
      {"the page is empty: #25",
       R"(page 10.0.0.1 nqn.a referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          page 10.0.0.1
          aen nvme0
          wait 60
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=0\n0s ls ended 10.0.0.2\n"},
      {"one of two parents keeps it",
       R"(page 10.0.0.1 referral=10.0.0.3
          page 10.0.0.2 referral=10.0.0.3
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.2
          mdns
          page 10.0.0.1
          aen nvme0
          wait 60
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=0\n0s ls 10.0.0.2 configured nvme1 entries=1\n"
       "0s ls 10.0.0.3 referral nvme2 entries=0\n"},
      {"its parent is removed: it goes with it: D-18",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 referral=10.0.0.3
          start pleo=disabled | controller=10.0.0.1
          mdns
          --
          conf pleo=disabled | kato=9
          wait 60
          ls)",
       "0s page 10.0.0.1\n0s page 10.0.0.2\n0s page 10.0.0.3\n"
       "1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "1.5s disconnect nvme1 10.0.0.2 (no longer referred to)\n"
       "1.5s disconnect nvme2 10.0.0.3 (no longer referred to)\n"
       "1.5s signal dc_removed\n"
       "60s ls ended 10.0.0.1\n60s ls ended 10.0.0.2\n60s ls ended 10.0.0.3\n"},
      {"its parent is down: it stays, and so does the page",
       R"(page 10.0.0.1 referral=10.0.0.2 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          target 10.0.0.1 down
          vanish nvme0
          wait 3600
          --
          ls)",
       "0s ls 10.0.0.1 configured - entries=2\n0s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"its parent's page cannot be read any more: it stays",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          reads 10.0.0.1 fail
          aen nvme0
          wait 3600
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=1\n0s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"excluded while mDNS reports it",
       R"(mdns 10.0.0.1
          start pleo=disabled
          --
          conf pleo=disabled | exclude=traddr=10.0.0.1
          wait 60)",
       "0s page 10.0.0.1\n1.5s disconnect nvme0 10.0.0.1 (excluded by an exclude= line)\n1.5s signal dc_removed\n"},
      {"excluded while mDNS is silent about it: D-18",
       R"(mdns 10.0.0.1
          start pleo=disabled
          mdns
          --
          conf pleo=disabled | exclude=traddr=10.0.0.1
          wait 60)",
       "0s page 10.0.0.1\n1.5s disconnect nvme0 10.0.0.1 (excluded by an exclude= line)\n1.5s signal dc_removed\n"},
      {"excluded beats configured",
       R"(start controller=10.0.0.1 | exclude=traddr=::ffff:10.0.0.1
          wait 60
          ls)",
       ""},
      {"a disabled family",
       R"(start pleo=disabled | controller=10.0.0.1 | controller=[fd00::1]
          mdns
          --
          conf pleo=disabled | controller=10.0.0.1 | controller=[fd00::1] | ip-family=ipv4
          wait 60
          ls)",
       "0s page 10.0.0.1\n0s page [fd00::1]\n"
       "1.5s disconnect nvme1 [fd00::1] (address family disabled by ip-family=)\n1.5s signal dc_removed\n"
       "60s ls 10.0.0.1 configured nvme0 entries=0\n60s ls ended [fd00::1]\n"},
      {"configured and discovered, the line is removed: it becomes discovered",
       R"(mdns 10.0.0.1
          start pleo=disabled | controller=10.0.0.1
          --
          conf pleo=disabled
          wait 60
          ls)",
       "0s page 10.0.0.1\n60s ls 10.0.0.1 discovered nvme0 entries=0\n"},
      {"the resolver is down: it stays: #31, D-05",
       R"(dns dc.example 10.0.0.1
          start pleo=disabled | controller=dc.example
          mdns
          dns dc.example fails
          conf pleo=disabled | controller=dc.example
          wait 60
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"its name moves while it is connected: it stays: #31",
       R"(dns dc.example 10.0.0.1
          start pleo=disabled | controller=dc.example
          mdns
          dns dc.example 10.0.0.2
          conf pleo=disabled | controller=dc.example
          wait 60
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"an address becomes a host name that has it, and others; nobody answers: what it listed stays known",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          dns dc.example 10.9.9.9 10.0.0.1
          target 10.9.9.9 down
          target 10.0.0.1 down
          vanish nvme0
          conf pleo=disabled | controller=dc.example
          wait 200
          --
          ls)",
       "0s ls 10.0.0.1 configured - entries=1\n0s ls 10.9.9.9 configured - entries=?\n"},
      {"... until the one that is tried is read",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          dns dc.example 10.9.9.9 10.0.0.1
          target 10.9.9.9 down
          target 10.0.0.1 down
          vanish nvme0
          conf pleo=disabled | controller=dc.example
          wait 200
          target 10.9.9.9 up
          wait 200
          --
          ls)",
       "0s ls 10.9.9.9 configured nvme0 entries=0\n0s ls ended 10.0.0.1\n"},
      {"it is connected late, and another name of it has come meanwhile: that one has its minute",
       R"(page 10.0.0.1 nqn.a
          hold 10.0.0.1 connect
          start pleo=disabled | controller=10.0.0.1
          mdns
          conf pleo=disabled
          wait 40
          conf pleo=disabled | controller=10.0.0.1/nqn.dc
          wait 10
          --
          reads 10.0.0.1 fail
          release
          wait 45
          why
          wait 20)",
       "0s page 10.0.0.1\n0s connect 10.0.0.1/nqn.dc\n0s page 10.0.0.1/nqn.dc\n1s page 10.0.0.1\n"
       "1s page 10.0.0.1/nqn.dc\n3s page 10.0.0.1\n3s page 10.0.0.1/nqn.dc\n7s page 10.0.0.1\n"
       "7s page 10.0.0.1/nqn.dc\n15s page 10.0.0.1\n15s page 10.0.0.1/nqn.dc\n31s page 10.0.0.1\n"
       "31s page 10.0.0.1/nqn.dc\n"
       "45s why 10.0.0.1 held for the log page of (tcp, 10.0.0.1, 8009, nqn.dc), which takes its place, at rest\n"
       "45s why 10.0.0.1/nqn.dc wanted: configured\n50s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "50s signal dc_removed\n63s page 10.0.0.1/nqn.dc\n"},
      {"ignore-iface= that is not clear after a restart: the line's name from before stays",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          page 10.0.0.1 nqn.a
          start pleo=disabled | ignore-iface=true | controller=10.0.0.1%eth1
          mdns
          change nvme0 src_addr=10.0.0.7
          target 10.0.0.1 down
          conf pleo=disabled | ignore-iface=treu | controller=10.0.0.1%eth1
          --
          restart
          mdns
          wait 100
          ls)",
       "0s page 10.0.0.1\n0s connect 10.0.0.1%eth1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "3s connect 10.0.0.1%eth1\n9s connect 10.0.0.1%eth1\n21s connect 10.0.0.1%eth1\n"
       "45s connect 10.0.0.1%eth1\n93s connect 10.0.0.1%eth1\n100s ls 10.0.0.1 configured nvme0 entries=1\n"
       "100s ls 10.0.0.1%eth1 configured - entries=?\n"},
      {"... and what is announced",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          page 10.0.0.1 nqn.a
          start pleo=disabled | ignore-iface=true
          mdns 10.0.0.1%eth1
          change nvme0 src_addr=10.0.0.7
          target 10.0.0.1 down
          conf pleo=disabled | ignore-iface=treu
          --
          restart
          mdns 10.0.0.1%eth1
          wait 100
          ls)",
       "0s page 10.0.0.1\n0s connect 10.0.0.1%eth1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "3s connect 10.0.0.1%eth1\n9s connect 10.0.0.1%eth1\n21s connect 10.0.0.1%eth1\n"
       "45s connect 10.0.0.1%eth1\n93s connect 10.0.0.1%eth1\n100s ls 10.0.0.1 discovered nvme0 entries=1\n"
       "100s ls 10.0.0.1%eth1 discovered - entries=?\n"},
      {"excluded by the host name of its line",
       R"(dns dc.example 10.0.0.1
          start pleo=disabled | controller=dc.example
          mdns
          --
          conf pleo=disabled | controller=dc.example | exclude=traddr=dc.example
          wait 10)",
       "0s page 10.0.0.1\n0s resolve dc.example\n1.5s disconnect nvme0 10.0.0.1 (excluded by an exclude= line)\n"
       "1.5s signal dc_removed\n"},
      {"excluded while its retry timer runs: #23",
       R"(target 10.0.0.1 down
          start controller=10.0.0.1
          mdns
          wait 1
          --
          conf controller=10.0.0.1 | exclude=traddr=10.0.0.1
          wait 60
          ls)",
       "1.5s signal dc_removed\n60s ls ended 10.0.0.1\n"},
      {"a connect that succeeds when nobody wants it any more is undone",
       R"(hold 10.0.0.1 connect
          start pleo=disabled | controller=10.0.0.1
          mdns
          conf pleo=disabled
          wait 60
          --
          release
          wait 60)",
       "0s disconnect nvme0 10.0.0.1 (no longer configured)\n0s signal dc_removed\n"},
      {"a removed controller comes back: it is not ended any more",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          conf pleo=disabled
          wait 60
          --
          conf pleo=disabled | controller=10.0.0.1
          ls)",
       "0s connect 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s ls 10.0.0.1 configured nvme0 entries=0\n"},
  });
}

}  // namespace
}  // namespace stas::story
