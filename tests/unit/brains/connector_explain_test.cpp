// SPDX-License-Identifier: Apache-2.0
//
// Why a controller is connected, or is not (stacd/explain.h): what is said about it in each situation.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorExplain, NamesEverySourceAndWhereEachOptionIsFrom) {
  check({
      {"a line, with options of its own and of all",
       R"(start kato=7 | controller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a;ctrl-loss-tmo=30;dhchap-secret=DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:
          stafd up
          wait 5
          --
          explain nqn.a)",
       "0s explain 10.0.0.1/nqn.a wanted (configured) since 5.0s [conf:4] kato=7<conf:2> "
       "ctrl-loss-tmo=30<conf:4> dhchap-secret=set<conf:4> trsvcid=8009<default> on nvme0 live bound 5.0s\n"},
      {"a line and two pages",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.8 10.0.0.7/nqn.b 10.0.0.1/nqn.a
          lists 10.0.0.9=referral 10.0.0.1/nqn.a
          --
          explain 10.0.0.1
          explain nvme1
          explain /dev/nvme1
          explain (tcp, 10.0.0.7, 8009, nqn.b)
          explain (tcp, 10.0.0.7)
          explain (tcp, 10.0.0
          explain 10.0.0.7:8009)",
       "0s explain 10.0.0.1/nqn.a wanted (configured) since 0.0s [conf:2] [entry 2 of the page of (tcp, 10.0.0.8, "
       "8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] [entry 1 of the page of (tcp, 10.0.0.9, 8009, "
       "nqn.2014-08.org.nvmexpress.discovery) (referral)] ctrl-loss-tmo=600<default> trsvcid=8009<conf:2> on nvme0 "
       "live bound 0.0s\n"
       "0s explain 10.0.0.7/nqn.b wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.8, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<log page entry> on nvme1 live bound 0.0s\n"
       "0s explain 10.0.0.7/nqn.b wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.8, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<log page entry> on nvme1 live bound 0.0s\n"
       "0s explain 10.0.0.7/nqn.b wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.8, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<log page entry> on nvme1 live bound 0.0s\n"
       "0s explain 10.0.0.7/nqn.b wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.8, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<log page entry> on nvme1 live bound 0.0s\n"
       "0s known: 10.0.0.1\n"
       "0s known: 10.0.0.7\n"
       "0s known: nqn.a\n"
       "0s known: nqn.b\n"
       "0s known: nvme0\n"
       "0s known: nvme1\n"
       "0s explain 10.0.0.7/nqn.b wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.8, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<log page entry> on nvme1 live bound 0.0s\n"},
  });
}

TEST(ConnectorExplain, NamesEveryRule) {
  check({
      {"excluded, twice, and of a family that is off",
       R"(start ip-family=ipv6 | controller=10.0.0.1/nqn.a | exclude=nqn=nqn.* | exclude=traddr=10.0.0.2 | exclude=transport=tcp;trsvcid=8009
          --
          explain nqn.a
          explain 10.0.0.2)",
       "0s explain 10.0.0.1/nqn.a refused (excluded by an exclude= line) [conf:4] {conf:6: exclude=nqn=nqn.*: refuses "
       "it} {conf:10: exclude=transport=tcp;trsvcid=8009: refuses it} {conf [Global]: ip-family=ipv6: refuses it} "
       "missing\n"
       "0s hint conf:8: exclude=traddr=10.0.0.2\n"},
      {"the host name of the line",
       R"(dns array.example 10.0.0.1
          start controller=array.example/nqn.a | exclude=traddr=array.example
          --
          explain nqn.a
          explain array.example
          explain 10.0.0.1)",
       "0s explain 10.0.0.1/nqn.a refused (excluded by an exclude= line) [conf:2] {conf:4: "
       "exclude=traddr=array.example: refuses it} missing\n"
       "0s explain 10.0.0.1/nqn.a refused (excluded by an exclude= line) [conf:2] {conf:4: "
       "exclude=traddr=array.example: refuses it} missing\n"
       "0s explain 10.0.0.1/nqn.a refused (excluded by an exclude= line) [conf:2] {conf:4: "
       "exclude=traddr=array.example: refuses it} missing\n"},
      {"listed, and excluded while it is connected",
       R"(start
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c
          conf exclude=nqn=nqn.c
          wait 1
          --
          explain nqn.c)",
       "0s explain 10.0.0.3/nqn.c refused (excluded by an exclude= line) since 1.0s until 0.5s then it is disconnected "
       "[entry 1 of the page of (tcp, 10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] {conf:2: "
       "exclude=nqn=nqn.c: refuses it} on nvme0 live bound 1.0s\n"},
      {"a [Match] section is about it",
       R"(start kato=7 | [Match a];nqn=nqn.c;ctrl-loss-tmo=-1;dhchap-secret=DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c
          --
          explain nqn.c)",
       "0s explain 10.0.0.3/nqn.c wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] kato=7<conf:2> ctrl-loss-tmo=-1<conf:5 "
       "[Match a]> dhchap-secret=set<conf:6 [Match a]> trsvcid=8009<log page entry> on nvme0 live bound 0.0s\n"},
      {"its entry demands TLS, which nobody asks for",
       R"(start
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c+tls
          --
          explain nqn.c
          conf [Match];nqn=nqn.c;tls=true
          explain nqn.c
          conf controller=10.0.0.3/nqn.c
          explain nqn.c)",
       "0s explain 10.0.0.3/nqn.c wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] {log page entry: treq=required: its log "
       "page "
       "entry demands TLS (treq=required), which is not asked for - write `tls=true` in a [Match] section with "
       "`nqn=nqn.c`} ctrl-loss-tmo=600<default> trsvcid=8009<log page entry> on nvme0 live bound 0.0s\n"
       "0s explain 10.0.0.3/nqn.c wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] ctrl-loss-tmo=600<default> tls=true<conf:3 "
       "[Match]> trsvcid=8009<log page entry> on nvme0 live bound 0.0s\n"
       "0s explain 10.0.0.3/nqn.c wanted (configured) since 0.0s [conf:2] [entry 1 of the page of (tcp, 10.0.0.9, "
       "8009, "
       "nqn.2014-08.org.nvmexpress.discovery) (configured)] {log page entry: treq=required: its log page entry demands "
       "TLS (treq=required), which is not asked for - write `tls=true` in its controller= line} "
       "ctrl-loss-tmo=600<default> trsvcid=8009<conf:2> on nvme0 live bound 0.0s\n"},
      {"the key of a [Match] section cannot be had",
       R"(start [Match a];nqn=nqn.c;dhchap-ctrl-secret=file:///k
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c
          --
          explain nqn.c)",
       "0s explain 10.0.0.3/nqn.c wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] ctrl-loss-tmo=600<default> "
       "dhchap-ctrl-secret=cannot be had<conf:3 [Match a]> trsvcid=8009<log page entry> on nvme0 live bound 0.0s\n"},
      {"include= lets one in, and not the other",
       R"(start include=nqn=nqn.c | include=traddr=10.0.0.0/24;nqn=nqn.e
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c 10.0.0.4/nqn.d
          --
          explain nqn.c
          explain nqn.d)",
       "0s explain 10.0.0.3/nqn.c wanted (listed by a discovery controller) since 0.0s [entry 1 of the page of (tcp, "
       "10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] {conf:2: include=nqn=nqn.c: lets it in} "
       "ctrl-loss-tmo=600<default> trsvcid=8009<log page entry> on nvme0 live bound 0.0s\n"
       "0s explain 10.0.0.4/nqn.d refused (matches no include= line) [entry 2 of the page of (tcp, 10.0.0.9, 8009, "
       "nqn.2014-08.org.nvmexpress.discovery) (configured)] {conf:2, conf:4: include=: let others in} missing\n"},
      {"a doubt holds it",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          doubt nqn=nqn.a
          conf kato=7
          wait 100
          --
          explain nqn.a)",
       "0s explain 10.0.0.1/nqn.a held (it may be what stacd.conf:7: cannot be understood was meant to say) since "
       "100.0s [once a controller= line] {stacd.conf:7: cannot be understood: may mean it} on nvme0 live bound "
       "100.0s\n"},
      {"NCC ends the attempts",
       R"(target 10.0.0.3 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c+ncc
          wait 100
          --
          explain nqn.c)",
       "0s explain 10.0.0.3/nqn.c wanted (listed by a discovery controller) since 100.0s [entry 1 of the page of (tcp, "
       "10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery) (configured)] {conf [I/O controller connection "
       "management]: connect-attempts-on-ncc=2: ends the attempts, as the central discovery controller reports no "
       "connectivity (NCC)} ctrl-loss-tmo=600<default> trsvcid=8009<log page entry> missing, attempts 2, none: the "
       "central discovery controller reports no connectivity (NCC), error: no route to 10.0.0.3 ago 97.0s\n"},
  });
}

TEST(ConnectorExplain, TellsWhatIsNotConnected) {
  check({
      {"it does not answer",
       R"(start controller=10.0.0.1/nqn.a
          target 10.0.0.2 down
          conf controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          wait 4
          --
          explain nqn.b
          target 10.0.0.2 up
          wait 60
          explain nqn.b)",
       "0s explain 10.0.0.2/nqn.b wanted (configured) since 4.0s [conf:4] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:4> missing, attempts 2, next in 5.0s, error: no route to 10.0.0.2 ago 1.0s\n"
       "5s connect 10.0.0.2/nqn.b\n"
       "60s explain 10.0.0.2/nqn.b wanted (configured) since 64.0s [conf:4] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:4> on nvme1 live bound 55.0s\n"},
      {"a connect is on its way",
       R"(start
          hold 10.0.0.3 connect
          conf controller=10.0.0.3/nqn.c
          --
          explain nqn.c)",
       "0s explain 10.0.0.3/nqn.c wanted (configured) since 0.0s [conf:2] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:2> missing, being connected, attempts 1\n"},
      {"no address yet",
       R"(start
          dns hangs
          conf controller=array.example/nqn.a
          --
          explain array.example)",
       "0s explain array.example/nqn.a waiting (its host name has no address yet) [conf:2] missing\n"},
      {"its line is gone: until the soak is over",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          conf
          wait 1
          --
          explain nqn.a)",
       "0s explain 10.0.0.1/nqn.a leaving (no longer configured) since 1.0s until 0.5s then it is disconnected [once a "
       "controller= line] on nvme0 live bound 1.0s\n"},
      {"held, for what it waits",
       R"(start
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c
          stafd hangs
          restart
          --
          explain nqn.c)",
       "0s explain 10.0.0.3/nqn.c held (stafd has not answered) since 0.0s [once the page of (tcp, 10.0.0.9, 8009, "
       "nqn.2014-08.org.nvmexpress.discovery)] on nvme0 live bound 0.0s\n"},
      {"another name of the same connection",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.a%eth0
          --
          explain nqn.a)",
       "0s explain 10.0.0.1/nqn.a wanted (configured) since 0.0s [conf:2] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:2> on nvme0 live bound 0.0s\n"
       "0s explain 10.0.0.1/nqn.a%eth0 wanted (configured) since 0.0s [conf:4] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:4> host-iface=eth0<conf:4> on nvme0 live shares (tcp, 10.0.0.1, 8009, nqn.a)\n"},
  });
}

TEST(ConnectorExplain, KnowsWhatIsNotOurs) {
  check({
      {"somebody else's, and what stacd has nothing to do with",
       R"(device nvme7 10.0.0.7/nqn.z state=live cntrltype=io
          device nvme8 10.0.0.8 state=live cntrltype=discovery
          device nvme6 10.0.0.6 transport= traddr= state=live cntrltype=discovery
          device nvme5 10.0.0.5/nqn.q cntrltype= state=connecting
          device nvme9 10.0.0.9/nqn.p transport=pcie state=live cntrltype=io
          start exclude=nqn=nqn.z
          stafd up
          lists 10.0.0.8
          --
          explain nqn.z
          explain nvme8
          explain nvme6
          explain nvme5
          explain nvme9)",
       "0s explain 10.0.0.7/nqn.z foreign (not ours: no source names it, and stacd did not connect it) {conf:2: "
       "exclude=nqn=nqn.z: would keep stacd from connecting it} {conf [I/O controller connection management]: "
       "disconnect-scope=only-stas-connections: leaves it alone} on nvme7 live\n"
       "0s explain 10.0.0.8 foreign (a discovery controller, for stafd) on nvme8 live\n"
       "0s explain - foreign (a discovery controller, for stafd) on nvme6 live\n"
       "0s explain - foreign (it does not show yet what it is) on nvme5 connecting\n"
       "0s explain - foreign (not a fabric: pcie) on nvme9 live\n"},
      {"somebody else's under all-connections",
       R"(device nvme7 10.0.0.7/nqn.z state=live cntrltype=io
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          --
          explain nqn.z)",
       "0s explain 10.0.0.7/nqn.z foreign (stafd has not answered) since 0.0s {conf [I/O controller connection "
       "management]: disconnect-scope=all-connections-matching-disconnect-trtypes: lets it be looked at} on nvme7 live "
       "bound 0.0s\n"},
      {"a name that only a rule, a doubt or a spoilt entry has",
       R"(doubt nqn=nqn.d
          start exclude=nqn=nqn.e*
          stafd up
          lists 10.0.0.9 skip=nqn.s
          --
          explain nqn.ee
          explain nqn.d
          explain nqn.s
          explain 10.0.0.9)",
       "0s hint conf:2: exclude=nqn=nqn.e*\n"
       "0s hint stacd.conf:7: cannot be understood\n"
       "0s hint the page of (tcp, 10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery) has an entry for it that "
       "cannot be used\n"
       "0s hint (tcp, 10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery) is a discovery controller: stafd looks "
       "after it, its page has 0 entries\n"},
      {"nobody knows it",
       R"(start controller=10.0.0.1/nqn.a
          --
          explain nqn.b)",
       "0s known: 10.0.0.1\n"
       "0s known: nqn.a\n"
       "0s known: nvme0\n"},
      {"its family is disabled: that is said of a line with an address",
       R"(dns a.example fd00::2
          journal
          start ip-family=ipv4 | controller=[fd00::1]/nqn.a | controller=a.example/nqn.b
          --
          conf ip-family=ipv4 | controller=[fd00::1]/nqn.a | controller=a.example/nqn.b
          wait 10)",
       "0s warning: Excluding configured IP address fd00::1 based on \"ip-family\" setting\n"
       "0s resolve a.example\n0s error: Cannot resolve a.example: no address of an enabled family\n"
       "4.6664s resolve a.example\n"},
      {"before the first look at the devices",
       R"(conf controller=10.0.0.1/nqn.a
          --
          explain nqn.a)",
       "0s explain 10.0.0.1/nqn.a wanted (configured) since 0.0s [conf:2] ctrl-loss-tmo=600<default> "
       "trsvcid=8009<conf:2> missing, none: the devices of this host are not known yet\n"
       "0s not all devices are known\n"},
  });
}

}  // namespace
}  // namespace stas::story
