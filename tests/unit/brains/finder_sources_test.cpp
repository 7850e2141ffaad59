// SPDX-License-Identifier: Apache-2.0
//
// Policy of stafd as stories (driver.h has the notation): where discovery controllers come from, and what the
// silence of mDNS means. Numbers with '#' are rows of the list of regressions, D-nn findings of the compatibility
// contract.
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
