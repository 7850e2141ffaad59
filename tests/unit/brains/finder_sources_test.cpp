// SPDX-License-Identifier: Apache-2.0
//
// Policy of stafd as stories (driver.h has the notation): where discovery controllers come from, and when one is given
// up. Numbers with '#' are rows of the list of regressions, D-nn findings of the compatibility contract.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderPolicy, OriginIsTheStrongestSource) {
  check({
      {"configured",
       R"(start pleo=disabled | controller=10.0.0.1
          ls)",
       "0s connect 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"discovered, bound to its interface",
       R"(mdns 10.0.0.1%eth0
          start pleo=disabled
          --
          ls)",
       "0s ls 10.0.0.1%eth0 discovered nvme0 entries=0\n"},
      {"discovered over rdma: no interface: #20",
       R"(mdns rdma:10.0.0.1%eth0
          start pleo=disabled
          --
          ls)",
       "0s ls rdma:10.0.0.1 discovered nvme0 entries=0\n"},
      {"link-local: bound to its interface, or with it as the scope: rdma, and ignore-iface=true",
       R"(mdns [fe80::1]%eth0 rdma:[fe80::2]%eth1
          start pleo=disabled
          --
          ls
          conf pleo=disabled | ignore-iface=true
          wait 10
          ls)",
       "0s ls [fe80::1]%eth0 discovered nvme0 entries=0\n0s ls rdma:[fe80::2%eth1] discovered nvme1 entries=0\n"
       "0s signal log_pages_changed [fe80::1%eth0] nvme0\n0s page [fe80::1]%eth0\n0s page rdma:[fe80::2%eth1]\n"
       "1.5s signal dc_removed\n10s ls rdma:[fe80::2%eth1] discovered nvme1 entries=0\n"
       "10s ls [fe80::1%eth0] discovered nvme0 entries=0\n10s ls ended [fe80::1]%eth0\n"},
      {"discovered with ignore-iface=true",
       R"(mdns 10.0.0.1%eth0
          start pleo=disabled | ignore-iface=true
          --
          ls)",
       "0s ls 10.0.0.1 discovered nvme0 entries=0\n"},
      {"referral",
       R"(page 10.0.0.1 referral=10.0.0.2 nqn.a
          start pleo=disabled | controller=10.0.0.1
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=2\n0s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"configured and discovered: configured",
       R"(mdns 10.0.0.1
          start pleo=disabled | controller=10.0.0.1
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"referral and discovered: referral",
       R"(page 10.0.0.1 referral=10.0.0.2
          mdns 10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=1\n0s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"zeroconf=disabled: what mDNS says does not count",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf=disabled
          ls)",
       ""},
      {"self entries and I/O entries are no referrals",
       R"(page 10.0.0.1 self=10.0.0.1 self=10.0.0.9 nqn.a
          start pleo=disabled | controller=10.0.0.1
          --
          ls)",
       "0s ls 10.0.0.1 configured nvme0 entries=3\n"},
      {"a referral inherits host NQN, interface and source address: #9",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1%eth0<10.0.0.7@nqn.tenant
          --
          ls)",
       "0s ls 10.0.0.1%eth0<10.0.0.7@nqn.tenant configured nvme0 entries=1\n"
       "0s ls 10.0.0.2%eth0<10.0.0.7@nqn.tenant referral nvme1 entries=0\n"},
      {"a link-local referral gets the scope of its parent: #41",
       R"(page fe80::1%eth0 referral=[fe80::2]
          start pleo=disabled | controller=[fe80::1%eth0]
          --
          ls)",
       "0s ls [fe80::1%eth0] configured nvme0 entries=1\n0s ls [fe80::2%eth0] referral nvme1 entries=0\n"},
      {"fc and loop lines are accepted: #33, D-13",
       R"(start pleo=disabled | controller=transport=fc;traddr=nn-0x200000110d000001:pn-0x200000110d000002;host-traddr=nn-0x200000110d000003:pn-0x200000110d000004
          --
          ls)",
       "0s ls fc:nn-0x200000110d000001:pn-0x200000110d000002<nn-0x200000110d000003:pn-0x200000110d000004 configured "
       "nvme0 entries=0\n"},
  });
}

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

TEST(FinderPolicy, SilenceOfMdnsIsNoEvidence) {
  check({
      {"withdrawn while connected: it stays for ever",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=60
          mdns
          wait 36000
          --
          ls)",
       "0s ls 10.0.0.1 discovered nvme0 entries=0\n"},
      {"avahi-daemon goes away: it stays",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=60
          mdns absent
          wait 3600
          --
          ls)",
       "0s ls 10.0.0.1 discovered nvme0 entries=0\n"},
      {"lost: the journal says when it will be removed, and takes nothing back when it is restored in time",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=60
          mdns
          journal
          target 10.0.0.1 down
          wait 100
          --
          vanish nvme0
          wait 50
          mdns 10.0.0.1
          wait 100
          mdns
          wait 70)",
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received \"remove\" event\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme? - Controller is not responding. "
       "Will be removed by 60s unless restored\n"
       "3s connect 10.0.0.1\n"
       "3s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) Failed to connect to controller. no route "
       "to 10.0.0.1\n"
       "6s connect 10.0.0.1\n"
       "12s connect 10.0.0.1\n"
       "24s connect 10.0.0.1\n"
       "48s connect 10.0.0.1\n"
       "51s connect 10.0.0.1\n"
       "111s connect 10.0.0.1\n"
       "111s error: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) Failed to connect to controller. no "
       "route to 10.0.0.1\n"
       "150s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme? - Controller is not responding. "
       "Will be removed by 210s unless restored\n"
       "171s connect 10.0.0.1\n"
       "211.5s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme? - Removed: silent for longer "
       "than zeroconf-connections-persistence\n"
       "211.5s signal dc_removed\n"},
      {"... for ever: it says no time",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=-1
          mdns
          journal
          target 10.0.0.1 down
          wait 100
          --
          vanish nvme0
          wait 100
          ls)",
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received \"remove\" event\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme? - Controller not responding. "
       "Retrying...\n"
       "3s connect 10.0.0.1\n"
       "3s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) Failed to connect to controller. no route "
       "to 10.0.0.1\n"
       "6s connect 10.0.0.1\n"
       "12s connect 10.0.0.1\n"
       "24s connect 10.0.0.1\n"
       "48s connect 10.0.0.1\n"
       "96s connect 10.0.0.1\n"
       "96s error: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) Failed to connect to controller. no "
       "route to 10.0.0.1\n"
       "100s ls 10.0.0.1 discovered - entries=0\n"},
      {"the connect that runs when the time is over gets its chance",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=60
          mdns
          target 10.0.0.1 down
          hold 10.0.0.1 connect
          --
          vanish nvme0
          wait 61
          ls
          release
          wait 60
          ls)",
       "3s connect 10.0.0.1\n61s ls 10.0.0.1 discovered - entries=0\n"
       "62.5s signal dc_removed\n121s ls ended 10.0.0.1\n"},
      {"lost: removed after the persistence time, which counts from the loss, and the soak",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=60
          mdns
          target 10.0.0.1 down
          wait 1000
          vanish nvme0
          --
          wait 61.499
          ls
          wait 1
          ls)",
       "3s connect 10.0.0.1\n6s connect 10.0.0.1\n12s connect 10.0.0.1\n24s connect 10.0.0.1\n48s connect 10.0.0.1\n"
       "61.499s ls 10.0.0.1 discovered - entries=0\n61.5s signal dc_removed\n62.499s ls ended 10.0.0.1\n"},
      {"it connects again in time: the clock is forgotten",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=60
          mdns
          target 10.0.0.1 down
          vanish nvme0
          wait 30
          target 10.0.0.1 up
          wait 3600
          --
          ls)",
       "0s ls 10.0.0.1 discovered nvme0 entries=0\n"},
      {"it is announced again: the clock is forgotten",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=60
          mdns
          target 10.0.0.1 down
          vanish nvme0
          wait 30
          mdns 10.0.0.1
          wait 3600
          --
          ls)",
       "0s ls 10.0.0.1 discovered - entries=0\n"},
      {"persistence -1: never removed",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=-1
          mdns
          target 10.0.0.1 down
          vanish nvme0
          wait 360000
          --
          ls)",
       "0s ls 10.0.0.1 discovered - entries=0\n"},
      {"persistence 0: at once (after the soak)",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=0
          mdns
          target 10.0.0.1 down
          --
          vanish nvme0
          wait 60
          ls)",
       "1.5s signal dc_removed\n60s ls ended 10.0.0.1\n"},
      {"announced and dead: it is kept and tried",
       R"(target 10.0.0.1 down
          mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=0
          wait 600
          --
          ls)",
       "0s ls 10.0.0.1 discovered - entries=?\n"},
      {"avahi-daemon is away when it is lost: nobody can say that it is gone",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=60
          mdns absent
          target 10.0.0.1 down
          vanish nvme0
          wait 3600
          --
          ls)",
       "0s ls 10.0.0.1 discovered - entries=0\n"},
      {"its referrals stay with it",
       R"(page 10.0.0.1 referral=10.0.0.2
          mdns 10.0.0.1
          start pleo=disabled
          mdns
          wait 3600
          --
          ls)",
       "0s ls 10.0.0.1 discovered nvme0 entries=1\n0s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"announced before it listens: quiet at first: #16",
       R"(journal
          target 10.0.0.1 down
          mdns 10.0.0.1
          start pleo=disabled
          wait 4
          target 10.0.0.1 up
          --
          wait 10)",
       "5s connect 10.0.0.1\n"
       "5s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Connection established!\n"
       "5s page 10.0.0.1\n"
       "5s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=0).\n"
       "5s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"... and for a minute no error: one then, and no other",
       R"(journal
          target 10.0.0.1 down
          mdns 10.0.0.1
          start pleo=disabled
          wait 300)",
       "0s connect 10.0.0.1\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) Failed to connect to controller. no route "
       "to 10.0.0.1\n"
       "3s connect 10.0.0.1\n9s connect 10.0.0.1\n21s connect 10.0.0.1\n45s connect 10.0.0.1\n"
       "93s connect 10.0.0.1\n"
       "93s error: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) Failed to connect to controller. no "
       "route to 10.0.0.1\n"
       "153s connect 10.0.0.1\n213s connect 10.0.0.1\n273s connect 10.0.0.1\n"},
      {"zeroconf=disabled by a reload: what is connected stays, what is not is lost",
       R"(mdns 10.0.0.1 10.0.0.2
          start pleo=disabled | zeroconf-connections-persistence=60
          target 10.0.0.2 down
          vanish nvme1
          wait 600
          --
          conf pleo=disabled | zeroconf=disabled | zeroconf-connections-persistence=60
          mdns absent
          wait 59
          ls
          wait 10
          ls)",
       "0s page 10.0.0.1\n0s connect 10.0.0.2\n59s ls 10.0.0.1 discovered nvme0 entries=0\n"
       "59s ls 10.0.0.2 discovered - entries=0\n61.5s signal dc_removed\n"
       "69s ls 10.0.0.1 discovered nvme0 entries=0\n69s ls ended 10.0.0.2\n"},
      {"... and enabled again: as if nothing had been",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=60
          target 10.0.0.1 down
          vanish nvme0
          conf pleo=disabled | zeroconf=disabled | zeroconf-connections-persistence=60
          mdns absent
          wait 50
          conf pleo=disabled | zeroconf-connections-persistence=60
          mdns 10.0.0.1
          --
          wait 100
          target 10.0.0.1 up
          wait 30
          ls)",
       "3s connect 10.0.0.1\n63s connect 10.0.0.1\n123s connect 10.0.0.1\n123s page 10.0.0.1\n"
       "123s signal log_pages_changed 10.0.0.1 nvme0\n130s ls 10.0.0.1 discovered nvme0 entries=0\n"},
      {"announced again: a hint to try at once: #42",
       R"(mdns 10.0.0.1
          start pleo=disabled
          target 10.0.0.1 down
          vanish nvme0
          mdns
          wait 100
          target 10.0.0.1 up
          --
          mdns 10.0.0.1)",
       "0s connect 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"},
  });
}

}  // namespace
}  // namespace stas::story
