// SPDX-License-Identifier: Apache-2.0
//
// What should be connected against what works (stacd/health.h), and which way leads where (stacd/topology.h).
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorHealth, CountsPathsThatWork) {
  check({
      {"nothing is wanted",
       R"(start
          --
          health)",
       "0s health ok, without stafd\n"},
      {"all is well, and somebody else's is nobody's business",
       R"(device nvme7 10.0.0.7/nqn.z state=live cntrltype=io
          start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.b
          --
          health)",
       "0s health ok\n"
       "0s   nqn.a ok 2/2\n"
       "0s   nqn.b ok 1/1\n"},
      {"a path that is being reconnected does not work",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | controller=10.0.0.3/nqn.b
          --
          change nvme0 state=connecting
          health
          change nvme1 state=resetting
          health
          change nvme0 state=live
          change nvme1 state=live
          health)",
       "0s health degraded, without stafd\n"
       "0s   nqn.a degraded 1/2, connecting 1 ((tcp, 10.0.0.1, 8009, nqn.a): nvme0 is connecting)\n"
       "0s   nqn.b ok 1/1\n"
       "0s health down, without stafd\n"
       "0s   nqn.a down 0/2, connecting 1, resetting 1 ((tcp, 10.0.0.1, 8009, nqn.a): nvme0 is connecting)\n"
       "0s   nqn.b ok 1/1\n"
       "0s health ok, without stafd\n"
       "0s   nqn.a ok 2/2\n"
       "0s   nqn.b ok 1/1\n"},
      {"one that does not answer, and one without an address",
       R"(target 10.0.0.2 down
          start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.a | controller=array.example/nqn.b
          --
          health)",
       "0s health down, without stafd\n"
       "0s   nqn.a degraded 1/2, missing 1 ((tcp, 10.0.0.2, 8009, nqn.a): no route to 10.0.0.2)\n"
       "0s   nqn.b down 0/1, missing 1 ((tcp, array.example, 8009, nqn.b): its host name has no address yet)\n"},
      {"none answers",
       R"(target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          --
          health)",
       "0s health down, without stafd\n"
       "0s   nqn.a down 0/1, missing 1 ((tcp, 10.0.0.1, 8009, nqn.a): no route to 10.0.0.1)\n"},
      {"before the first look at the devices nobody knows",
       R"(conf controller=10.0.0.1/nqn.a
          --
          health)",
       "0s health unknown, without stafd\n"},
  });
}

TEST(ConnectorHealth, KnowsWhichPathsAreMissed) {
  check({
      {"two names of one connection are one path",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.a%eth0
          --
          health
          change nvme0 state=connecting
          health)",
       "0s health ok, without stafd\n"
       "0s   nqn.a ok 1/1\n"
       "0s health down, without stafd\n"
       "0s   nqn.a down 0/1, connecting 1 ((tcp, 10.0.0.1, 8009, nqn.a): nvme0 is connecting)\n"},
      {"what is excluded is not missed",
       R"(start controller=10.0.0.1/nqn.a | exclude=nqn=nqn.a
          --
          health)",
       "0s health ok, without stafd\n"},
      {"a held path carries its subsystem while its replacement is on its way",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          hold 10.0.0.2 connect
          conf controller=10.0.0.2/nqn.a
          --
          health
          change nvme0 state=connecting
          health)",
       "0s health degraded\n"
       "0s   nqn.a degraded 0/1, missing 1, held 1, others 1 ((tcp, 10.0.0.2, 8009, nqn.a): being connected)\n"
       "0s health down\n"
       "0s   nqn.a down 0/1, missing 1, held 1, lost 1 ((tcp, 10.0.0.2, 8009, nqn.a): being connected)\n"},
      {"so does somebody else's",
       R"(device nvme7 10.0.0.7/nqn.a state=live cntrltype=io
          target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          --
          health)",
       "0s health degraded, without stafd\n"
       "0s   nqn.a degraded 0/1, missing 1, others 1 ((tcp, 10.0.0.1, 8009, nqn.a): no route to 10.0.0.1)\n"},
      {"what is held may not be wanted",
       R"(start
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c
          stafd hangs
          restart
          --
          health
          change nvme0 state=connecting
          health)",
       "0s health ok, without stafd\n"
       "0s   nqn.c ok 0/0, held 1, others 1\n"
       "0s health degraded, without stafd\n"
       "0s   nqn.c degraded 0/0, held 1, lost 1 ((tcp, 10.0.0.3, 8009, nqn.c): nvme0 is connecting)\n"},
  });
}

TEST(ConnectorTopology, ShowsEveryPathAndTheWayItTakes) {
  check({
      {"lines, pages, and what is not ours",
       R"(iface eth0 10.0.0.9
          iface eth1 10.1.0.9
          device nvme7 10.0.0.7/nqn.z state=live cntrltype=io
          start controller=10.0.0.1/nqn.a%eth0 | controller=10.1.0.1/nqn.a<10.1.0.9 | exclude=nqn=nqn.x
          stafd up
          lists 10.0.0.8 10.0.0.3/nqn.b 10.0.0.1/nqn.a 10.0.0.4/nqn.x
          lists 10.1.0.8%eth1=referral 10.1.0.3/nqn.b 10.0.0.3/nqn.b
          change nvme1 state=connecting
          --
          topology)",
       "0s dc 10.0.0.8 configured via \n"
       "0s dc 10.1.0.8 referral via eth1\n"
       "0s path nqn.a 10.0.0.1 wanted nvme0 live via eth0 [conf:2] dcs 0\n"
       "0s path nqn.a 10.1.0.1 wanted nvme1 connecting via eth1 [conf:4] dcs 0\n"
       "0s path nqn.a 10.0.0.1 wanted nvme0 live via eth0 [] dcs 1\n"
       "0s path nqn.b 10.0.0.3 wanted nvme2 live via  [] dcs 1\n"
       "0s path nqn.b 10.1.0.3 wanted nvme3 live via eth1 [] dcs 1\n"
       "0s path nqn.b 10.0.0.3 wanted nvme2 live via eth1 [] dcs 1\n"
       "0s path nqn.z 10.0.0.7 foreign nvme7 live via  [] dcs 0\n"},
      {"what cannot be connected yet, and what stays",
       R"(start controller=10.0.0.1/nqn.a
          dns hangs
          stafd up
          doubt nqn=nqn.a
          conf controller=array.example/nqn.b
          --
          topology)",
       "0s path nqn.a 10.0.0.1 held nvme0 live via  [] dcs 0\n"
       "0s path nqn.b array.example waiting  missing via  [conf:2] dcs 0\n"},
  });
}

}  // namespace
}  // namespace stas::story
