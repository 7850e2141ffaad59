// SPDX-License-Identifier: Apache-2.0
//
// Why a discovery controller is connected, or is not (stafd/explain.h).
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderExplain, NamesSourcesOptionsAndPage) {
  check({
      {"a line, its page, and what it refers to",
       R"(page 10.0.0.1 referral=10.0.0.2 nqn.a
          page 10.0.0.2 referral=10.0.0.3
          start pleo=disabled | kato=7 | controller=10.0.0.1
          wait 5
          --
          explain nvme0
          explain 10.0.0.2:8009
          explain (tcp, 10.0.0.3)
          explain nqn.a
          explain nqn.b)",
       "0s explain 10.0.0.1 wanted (configured) since 5.0s [conf:6] kato=7<conf:4> ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:6> on nvme0 live bound 5.0s, log page: 2 entries, generation 2, read or checked 5 s ago\n"
       "0s explain 10.0.0.2 wanted (referred to by a discovery controller) since 5.0s [entry 1 of the page of (tcp, "
       "10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery)] kato=7<conf:4> ctrl-loss-tmo=600<default> "
       "trsvcid=8009<log page entry> on nvme1 live bound 5.0s, log page: 1 entry, generation 2, read or checked 5 s "
       "ago, referral chain: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)\n"
       "0s explain 10.0.0.3 wanted (referred to by a discovery controller) since 5.0s [entry 1 of the page of (tcp, "
       "10.0.0.2, 8009, nqn.2014-08.org.nvmexpress.discovery)] kato=7<conf:4> ctrl-loss-tmo=600<default> "
       "trsvcid=8009<log page entry> on nvme2 live bound 5.0s, log page: 0 entries, generation 1, read or checked 5 s "
       "ago, referral chain: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured) -> (tcp, "
       "10.0.0.2, 8009, nqn.2014-08.org.nvmexpress.discovery) (referral)\n"
       "0s hint entry 2 of the page of (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) lists it; ask "
       "stacctl for its connection\n"
       "0s known: 10.0.0.1\n"
       "0s known: 10.0.0.2\n"
       "0s known: 10.0.0.3\n"
       "0s known: nqn.2014-08.org.nvmexpress.discovery\n"
       "0s known: nqn.a\n"
       "0s known: nvme0\n"
       "0s known: nvme1\n"
       "0s known: nvme2\n"},
      {"announced, then silent",
       R"(mdns 10.0.0.1%eth0
          start pleo=disabled
          wait 1
          --
          explain 10.0.0.1
          mdns
          wait 10
          explain 10.0.0.1)",
       "0s explain 10.0.0.1%eth0 wanted (discovered by mDNS) since 1.0s [mDNS service 10.0.0.1%eth0 on eth0] "
       "kato=30<default> ctrl-loss-tmo=600<default> trsvcid=8009<mDNS> host-iface=eth0<mDNS> on nvme0 live bound 1.0s, "
       "log page: 0 entries, generation 1, read or checked 1 s ago\n"
       "10s explain 10.0.0.1%eth0 wanted (discovered by mDNS) since 11.0s [mDNS, which is silent about it now] "
       "kato=30<default> ctrl-loss-tmo=600<default> trsvcid=8009<mDNS> host-iface=eth0<mDNS> on nvme0 live bound "
       "11.0s, log page: 0 entries, generation 1, read or checked 11 s ago, mDNS: silent\n"},
      {"a connection that cannot be read, and one that cannot be registered with",
       R"(reads 10.0.0.1 fail
          dctype 10.0.0.2 cdc
          dim 10.0.0.2 refuses
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.2
          --
          explain 10.0.0.1
          explain 10.0.0.2)",
       "0s explain 10.0.0.1 wanted (configured) since 0.0s [conf:4] kato=30<default> ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:4> on nvme0 live bound 0.0s, error: Internal Error ago 0.0s, log page: not read yet\n"
       "0s explain 10.0.0.2 wanted (configured) since 0.0s [conf:6] kato=30<default> ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:6> on nvme1 live bound 0.0s, log page: 0 entries, generation 1, read or checked 0 s ago, "
       "type: cdc, registration: refused: Invalid Field in Command\n"},
      {"after a restart the page is an old one until it is read",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          hold 10.0.0.1 page
          restart
          --
          explain 10.0.0.1)",
       "0s explain 10.0.0.1 wanted (configured) [conf:4] kato=30<default> ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:4> on nvme0 live bound 0.0s, being read, log page: 1 entry, generation 2, from before the "
       "restart, not over the present connection\n"},
  });
}

TEST(FinderExplain, TellsWhatIsNotConnected) {
  check({
      {"it does not answer",
       R"(target 10.0.0.1 down
          start pleo=disabled | controller=10.0.0.1
          wait 4
          --
          explain 10.0.0.1)",
       "0s explain 10.0.0.1 wanted (configured) since 4.0s [conf:4] kato=30<default> ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:4> missing, attempts 2, next in 5.0s, error: no route to 10.0.0.1 ago 1.0s, log page: not "
       "read yet\n"},
      {"it does not answer, and the entry that refers to it demands TLS: what to write",
       R"(page 10.0.0.1 referral=10.0.0.2+tls
          target 10.0.0.2 down
          start pleo=disabled | controller=10.0.0.1
          wait 4
          --
          explain 10.0.0.2
          plan pleo=disabled | controller=10.0.0.1 | exclude=traddr=10.0.0.3)",
       "0s explain 10.0.0.2 wanted (referred to by a discovery controller) since 4.0s [entry 1 of the page of (tcp, "
       "10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery)] {log page entry: treq=required: its log page entry "
       "demands TLS (treq=required), which is not asked for - write `tls=true` in a controller= line for it, or for "
       "all in [Global]} kato=30<default> ctrl-loss-tmo=600<default> trsvcid=8009<log page entry> missing, attempts 2, "
       "next in 5.0s, error: no route to 10.0.0.2; its log page entry demands TLS (treq=required), which is not asked "
       "for - write `tls=true` in a controller= line for it, or for all in [Global] ago 1.0s, log page: not read yet, "
       "referral chain: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)\n"
       "0s plan connect 10.0.0.2 (referred to by a discovery controller; its log page entry demands TLS "
       "(treq=required), which is not asked for - write `tls=true` in a controller= line for it, or for all in "
       "[Global]) [entry 1 of the page of (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery)]\n"},
      {"its line is gone",
       R"(start pleo=disabled | controller=10.0.0.1
          conf pleo=disabled
          wait 1
          --
          explain 10.0.0.1)",
       "0s explain 10.0.0.1 leaving (no longer configured) since 1.0s until 4.0s then it is disconnected, if no other "
       "name means it [once a controller= line] on nvme0 live bound 1.0s, log page: 0 entries, generation 1, read or "
       "checked 1 s ago\n"},
      {"a doubt holds it",
       R"(start pleo=disabled | controller=10.0.0.1
          doubt 10.0.0.1
          conf pleo=disabled
          wait 100
          --
          explain 10.0.0.1)",
       "0s explain 10.0.0.1 held (stafd.conf:7: no controller) since 100.0s [once a controller= line] {stafd.conf:7: "
       "no controller: may mean it} on nvme0 live bound 100.0s, log page: 0 entries, generation 1, read or checked 100 "
       "s ago\n"},
      {"excluded, configured and referred to",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.3 | exclude=traddr=10.0.0.2 | exclude=traddr=10.0.0.3 | exclude=traddr=10.0.0.?;transport=rdma
          --
          explain 10.0.0.2
          explain 10.0.0.3)",
       "0s explain 10.0.0.2 refused (excluded by an exclude= line) [entry 1 of the page of (tcp, 10.0.0.1, 8009, "
       "nqn.2014-08.org.nvmexpress.discovery)] {conf:8: exclude=traddr=10.0.0.2: refuses it} missing\n"
       "0s explain 10.0.0.3 refused (excluded by an exclude= line) [conf:6] {conf:10: exclude=traddr=10.0.0.3: refuses "
       "it} missing\n"},
      {"no address yet",
       R"(dns hangs
          start pleo=disabled | controller=array.example
          --
          explain array.example)",
       "0s explain array.example waiting (its host name has no address yet) [conf:4] missing\n"},
      {"removed on purpose",
       R"(start pleo=disabled | controller=10.0.0.1
          conf pleo=disabled
          wait 10
          --
          explain 10.0.0.1)",
       "0s hint (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) was removed on purpose\n"},
      {"devices of others",
       R"(device nvme7 10.0.0.7/nqn.z state=live cntrltype=io
          device nvme8 10.0.0.8 state=live cntrltype=discovery
          start pleo=disabled
          --
          explain nvme7
          explain nvme8)",
       "0s explain 10.0.0.7/nqn.z foreign (an I/O controller, for stacd) on nvme7 live\n"
       "0s explain 10.0.0.8 foreign (not ours: no source names it, and stafd did not connect it) on nvme8 live\n"},
  });
}

TEST(FinderEvidence, WhatIsRefusedIsKnownWithTheReason) {
  check({
      {"by an exclude= line, and by family",
       R"(page 10.0.0.1 referral=10.0.0.2
          dns dc.example 10.0.0.3
          journal
          start pleo=disabled | exclude=traddr=10.0.0.2 | exclude=traddr=dc.example | ip-family=ipv4 | controller=10.0.0.1 | controller=[fd00::1] | controller=dc.example
          --
          conf pleo=disabled | exclude=traddr=10.0.0.2 | exclude=traddr=dc.example | ip-family=ipv4 | controller=10.0.0.1 | controller=[fd00::1] | controller=dc.example
          why)",
       "0s warning: Excluding configured IP address fd00::1 based on \"ip-family\" setting\n"
       "0s page 10.0.0.1\n0s resolve dc.example\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=1).\n"
       "0s why 10.0.0.1 wanted: configured\n"
       "0s why 10.0.0.2 refused: excluded by an exclude= line in line 4\n"
       "0s why 10.0.0.3 refused: excluded by an exclude= line in line 6\n"
       "0s why [fd00::1] refused: address family disabled by ip-family=\n"},
      {"by its address",
       R"(page 10.0.0.1 referral=host.example
          journal
          start pleo=disabled | controller=10.0.0.1
          --
          aen nvme0
          wait 1
          why)",
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received AEN: 0x70f002\n"
       "0s page 10.0.0.1\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=1).\n"
       "1s why 10.0.0.1 wanted: configured\n1s why host.example refused: address or NQN unusable\n"},
  });
}

}  // namespace
}  // namespace stas::story
