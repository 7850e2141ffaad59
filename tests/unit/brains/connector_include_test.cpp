// SPDX-License-Identifier: Apache-2.0
//
// include= in stacd: which discovered controllers are let in, when others are cut, and that a line that cannot be read
// never cuts anything (law 2).
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorInclude, OnlyWhatMatchesALineIsConnected) {
  check({
      {"by NQN, subnet, transport",
       R"(start include=nqn=nqn.a* | include=traddr=10.1.0.0/16 | include=transport=rdma;nqn=nqn.r
          stafd up
          lists 10.0.0.1 nqn.a1 nqn.b 10.1.2.3/nqn.b rdma:10.0.0.1/nqn.r rdma:10.0.0.1/nqn.b)",
       "0s connect 10.0.0.1/nqn.a1\n0s connect 10.1.2.3/nqn.b\n0s connect rdma:10.0.0.1/nqn.r\n"},
      {"by interface",
       R"(start include=host-iface=eth0
          stafd up
          lists 10.0.0.1%eth0 nqn.a
          lists 10.0.0.2%eth1 nqn.b)",
       "0s connect 10.0.0.1/nqn.a%eth0\n"},
      {"without a line all of them are",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"a controller= line is not asked, whether or not a page lists it as well",
       R"(start include=nqn=nqn.x | controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.b
          stafd up
          lists 10.0.0.1 nqn.a
          wait 60)",
       "0s connect 10.0.0.1/nqn.a\n0s connect 10.0.0.1/nqn.b\n"},
      {"exclude= wins",
       R"(start include=nqn=nqn.* | exclude=nqn=nqn.b
          stafd up
          lists 10.0.0.1 nqn.a nqn.b)",
       "0s connect 10.0.0.1/nqn.a\n"},
  });
}

TEST(ConnectorInclude, AChangedLineIsAnOrderLikeExclude) {
  check({
      {"what is not included any more is cut after the soak, and comes back",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b
          --
          conf include=nqn=nqn.a
          wait 60
          conf kato=1)",
       "1.5s disconnect nvme1 10.0.0.1/nqn.b (matches no include= line)\n60s connect 10.0.0.1/nqn.b\n"},
      {"whatever disconnect-scope= says",
       R"(start disconnect-scope=no-disconnect
          stafd up
          lists 10.0.0.1 nqn.a
          --
          conf disconnect-scope=no-disconnect | include=nqn=nqn.x
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (matches no include= line)\n"},
      {"while stafd is away, too: the lines are about it",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          --
          conf include=nqn=nqn.x
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (matches no include= line)\n"},
      {"over a restart",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          conf include=nqn=nqn.x
          restart
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (matches no include= line)\n"},
      {"what its line still names stays",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.1 nqn.a
          --
          conf controller=10.0.0.1/nqn.a | include=nqn=nqn.x
          wait 60
          conf include=nqn=nqn.x
          wait 60)",
       "61.5s disconnect nvme0 10.0.0.1/nqn.a (matches no include= line)\n"},
      {"a plan names the lines",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          plan include=nqn=nqn.x | include=nqn=nqn.y
          conf include=nqn=nqn.x | include=nqn=nqn.y
          wait 60
          plan include=nqn=nqn.x)",
       "0s plan 1.5s disconnect nvme0 10.0.0.1/nqn.a (matches no include= line) [new:2, new:4]\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (matches no include= line)\n"
       "60s plan refuse 10.0.0.1/nqn.a (matches no include= line) [new:2]\n"},
      {"what another program connected is its own",
       R"(start
          device nvme7 10.0.0.1/nqn.a
          stafd up
          --
          conf include=nqn=nqn.x
          wait 60)",
       ""},
  });
}

TEST(ConnectorInclude, ALineThatCannotBeReadCutsNothing) {
  check({
      {"alone: nobody knows what it is to let in. What is connected stays, what is not waits",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          conf include=nqm=nqn.x
          lists 10.0.0.1 nqn.a nqn.b
          wait 600
          plan include=nqm=nqn.x)",
       "0s error [Controllers]: include - unknown field `nqm` - did you mean `nqn`?: the rule includes nothing, and no "
       "connection that it may mean is cut\n"
       "600s error [Controllers]: include - unknown field `nqm` - did you mean `nqn`?: the rule includes nothing, and "
       "no "
       "connection that it may mean is cut\n"
       "600s plan hold nvme0 10.0.0.1/nqn.a (an include= line that cannot be used may let it in: stacd.conf:2: "
       "[Controllers]: include - unknown field `nqm` - did you mean `nqn`?) [entry 1 of the page of (tcp, 10.0.0.1, "
       "8009, nqn.2014-08.org.nvmexpress.discovery)]\n"
       "600s plan refuse 10.0.0.1/nqn.b (an include= line that cannot be used may let it in: stacd.conf:2: "
       "[Controllers]: include - unknown field `nqm` - did you mean `nqn`?) [entry 2 of the page of (tcp, 10.0.0.1, "
       "8009, nqn.2014-08.org.nvmexpress.discovery)]\n"},
      {"beside a good one: as far as it can be read",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b nqn.c
          --
          conf include=nqn=nqn.a | include=nqn=nqn.b;traddr=10.0.0.300
          wait 600)",
       "0s error [Controllers]: include - traddr \"10.0.0.300\" is neither an address nor a host name: the rule "
       "includes "
       "nothing, and no connection that it may mean is cut - an IPv4 address has four numbers from 0 to 255, without "
       "leading zeros\n"
       "1.5s disconnect nvme2 10.0.0.1/nqn.c (matches no include= line)\n"},
      {"what is being connected just then stays as well",
       R"(start
          stafd up
          hold 10.0.0.1 connect
          lists 10.0.0.1 nqn.a
          --
          conf inclde=nqn=nqn.a
          release
          wait 600
          ls)",
       "0s error [Controllers] contains invalid options: {'inclde'} - did you mean `include`?; the line includes "
       "nothing, "
       "and no connection that it may mean is cut\n600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"corrected: it counts",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          conf include=nqm=nqn.x
          wait 10
          --
          conf include=nqn=nqn.x
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (matches no include= line)\n"},
      {"a misspelt name",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.c
          --
          conf include=nqn=nqn.x | inclde=nqn=nqn.a
          wait 600)",
       "0s error [Controllers] contains invalid options: {'inclde'} - did you mean `include`?; the line includes "
       "nothing, "
       "and no connection that it may mean is cut\n"
       "1.5s disconnect nvme1 10.0.0.1/nqn.c (matches no include= line)\n"},
      {"a rule about an interface, when nothing has one",
       R"(start ignore-iface=true
          stafd up
          lists 10.0.0.1 nqn.a
          --
          conf ignore-iface=true | include=host-iface=eth0
          wait 600)",
       "0s error [Controllers]: include - host-iface means nothing with `ignore-iface=true`: the rule includes "
       "nothing, "
       "and no connection that it may mean is cut\n"},
      {"its controller= line is in doubt",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.1 nqn.a
          doubt nqn=nqn.a
          --
          conf include=nqn=nqn.x
          wait 600)",
       ""},
      {"a host name in a controller= line that has no address may mean it",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.1 nqn.a
          dns hangs
          --
          conf controller=array/nqn.a | include=nqn=nqn.x
          wait 600)",
       "0s resolve array\n"},
      {"nobody knows who wanted it",
       R"(start controller=10.0.0.1/nqn.a
          doubt all
          unread conf
          restart
          --
          wait 60)",
       ""},
  });
}

}  // namespace
}  // namespace stas::story
