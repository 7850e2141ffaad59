// SPDX-License-Identifier: Apache-2.0
//
// From controller= lines and log page entries to controllers: names, inheritance, what must not be connected, as
// stories (driver.h has the notation).
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorSources, HostNamesKeepTheirLastGoodAddress) {
  check({
      {"resolved, then connected",
       R"(dns array 10.0.0.1
          start controller=array/nqn.a)",
       "0s resolve array\n0s connect 10.0.0.1/nqn.a\n"},
      {"the look-up fails: nothing else waits",
       R"(dns array fails
          start controller=array/nqn.a | controller=10.0.0.2/nqn.b
          wait 4)",
       "0s resolve array\n0s connect 10.0.0.2/nqn.b\n"},
      {"the look-up fails: tried again",
       R"(dns array fails
          start controller=array/nqn.a
          wait 4
          dns array 10.0.0.1
          wait 3
          --
          ls)",
       "0s ls 10.0.0.1/nqn.a nvme0\n"},
      {"it rotates: the connection stays: #31",
       R"(dns array 10.0.0.1 10.0.0.2
          start controller=array/nqn.a
          --
          dns array 10.0.0.2 10.0.0.1
          conf controller=array/nqn.a
          wait 60
          ls)",
       "0s resolve array\n60s ls 10.0.0.1/nqn.a nvme0\n"},
      {"it moves while connected: the connection stays: #31",
       R"(dns array 10.0.0.1
          start controller=array/nqn.a
          --
          dns array 10.0.0.2
          conf controller=array/nqn.a
          wait 60
          ls)",
       "0s resolve array\n60s ls 10.0.0.1/nqn.a nvme0\n"},
      {"it moves while the old address is dead: asked again after the failure: #31",
       R"(dns array 10.0.0.1
          start controller=array/nqn.a
          --
          target 10.0.0.1 down
          vanish nvme0
          dns array 10.0.0.2
          wait 10
          ls)",
       "3s connect 10.0.0.1/nqn.a\n3s resolve array\n3s connect 10.0.0.2/nqn.a\n10s ls 10.0.0.2/nqn.a nvme0\n"},
      {"IPv4 first if enabled, else IPv6",
       R"(dns array fd00::1 10.0.0.1
          start controller=array/nqn.a
          conf controller=array/nqn.b | ip-family=ipv6)",
       "0s resolve array\n0s connect 10.0.0.1/nqn.a\n0s resolve array\n0s connect [fd00::1]/nqn.b\n"},
      {"a family disabled at a reload: another address even while connected",
       R"(dns array fd00::1 10.0.0.1
          start controller=array/nqn.a
          --
          conf controller=array/nqn.a | ip-family=ipv6
          wait 60)",
       "0s resolve array\n0s connect [fd00::1]/nqn.a\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (address family disabled by ip-family=)\n"},
      {"after a restart the saved address counts: #31, #44",
       R"(dns array 10.0.0.1
          start controller=array/nqn.a
          dns array fails
          --
          restart
          wait 4
          ls)",
       "0s resolve array\n4s ls 10.0.0.1/nqn.a nvme0\n"},
      {"an exclude= line may say the name",
       R"(dns array 10.0.0.1
          start controller=array/nqn.a | exclude=traddr=array
          wait 60
          ls)",
       "0s resolve array\n"},
      {"an answer that comes after its line was removed does nothing",
       R"(dns array 10.0.0.1
          dns hangs
          start controller=array/nqn.a
          conf
          release
          wait 60
          ls)",
       "0s resolve array\n"},
      {"a page has connected one of its addresses: that is what the line asks for, also when the page goes",
       R"(dns array 10.0.0.1 10.0.0.2
          start
          stafd up
          lists 10.0.0.5 10.0.0.2/nqn.a
          --
          conf controller=array/nqn.a
          wait 100
          lists 10.0.0.5
          wait 100
          restart
          wait 100
          ls)",
       "0s resolve array\n200s resolve array\n300s ls 10.0.0.2/nqn.a nvme0\n"},
      {"IPv4 is preferred and IPv6 answers: that is used, said once, and first the next time",
       R"(dns array fd00::1 10.0.0.1
          target 10.0.0.1 down
          journal
          --
          start controller=array/nqn.a
          target 10.0.0.1 up
          vanish nvme0
          wait 20
          ls)",
       "0s resolve array\n0s connect 10.0.0.1/nqn.a\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - no route to 10.0.0.1; fd00::1 answers\n"
       "0s resolve array\n0s connect [fd00::1]/nqn.a\n"
       "0s info: (tcp, fd00::1, 8009, nqn.a) | nvme0 - Connection established!\n"
       "0s info: (tcp, fd00::1, 8009, nqn.a) | nvme0 - Received \"remove\" event\n3s connect [fd00::1]/nqn.a\n"
       "3s info: (tcp, fd00::1, 8009, nqn.a) | nvme0 - Connection established!\n20s ls [fd00::1]/nqn.a nvme0\n"},
      {"two lines of one name, each answered at another address: both are connected",
       R"(dns array fd00::1 10.0.0.1
          start controller=array/nqn.a
          target 10.0.0.1 down
          --
          conf controller=array/nqn.a | controller=array/nqn.b
          wait 20
          ls)",
       "0s resolve array\n0s connect 10.0.0.1/nqn.b\n0s resolve array\n0s connect [fd00::1]/nqn.b\n"
       "20s ls 10.0.0.1/nqn.a nvme0\n20s ls [fd00::1]/nqn.b nvme1\n"},
      {"... and goes: the line tries its addresses",
       R"(dns array 10.0.0.1 10.0.0.2
          start controller=array/nqn.a
          --
          target 10.0.0.1 down
          vanish nvme0
          wait 20
          ls)",
       "3s connect 10.0.0.1/nqn.a\n3s resolve array\n3s connect 10.0.0.2/nqn.a\n20s ls 10.0.0.2/nqn.a nvme0\n"},
  });
}

TEST(ConnectorSources, EntriesInheritFromTheirDiscoveryController) {
  check({
      {"an mDNS controller on eth0: bound to eth0",
       R"(start
          stafd up
          lists 10.0.0.1%eth0=discovered nqn.a)",
       "0s connect 10.0.0.1/nqn.a%eth0\n"},
      {"no interface: unbound",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"ignore-iface=true: unbound",
       R"(start ignore-iface=true
          stafd up
          lists 10.0.0.1%eth0 nqn.a)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"ignore-iface=true for controller= lines", R"(start ignore-iface=true | controller=10.0.0.1/nqn.a%eth0)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"ignore-iface switched on: the connection goes on under the other name: #40",
       R"(iface eth0 10.0.0.7
          start
          stafd up
          lists 10.0.0.1%eth0 nqn.a
          change nvme0 src_addr=10.0.0.7
          --
          conf ignore-iface=true
          wait 60
          ls)",
       "60s ls 10.0.0.1/nqn.a nvme0\n"},
      {"ignore-iface= that is not clear after a restart: what is listed with it stays",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          start ignore-iface=true
          stafd up
          lists 10.0.0.1%eth1 10.0.0.9/nqn.a
          change nvme0 src_addr=10.0.0.7
          target 10.0.0.9 down
          --
          conf ignore-iface=treu
          restart
          stafd up
          lists 10.0.0.1%eth1 10.0.0.9/nqn.a
          wait 200
          ls)",
       "0s connect 10.0.0.9/nqn.a%eth1\n3s connect 10.0.0.9/nqn.a%eth1\n9s connect 10.0.0.9/nqn.a%eth1\n"
       "21s connect 10.0.0.9/nqn.a%eth1\n45s connect 10.0.0.9/nqn.a%eth1\n93s connect 10.0.0.9/nqn.a%eth1\n"
       "153s connect 10.0.0.9/nqn.a%eth1\n200s ls 10.0.0.9/nqn.a%eth1 -\n200s ls 10.0.0.9/nqn.a nvme0\n"},
      {"... so does what a line names",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          start ignore-iface=true | controller=10.0.0.9/nqn.a%eth1
          change nvme0 src_addr=10.0.0.7
          stafd up
          lists 10.0.0.1
          target 10.0.0.9 down
          --
          conf ignore-iface=treu | controller=10.0.0.9/nqn.a%eth1
          restart
          stafd up
          lists 10.0.0.1
          wait 200
          ls)",
       "0s connect 10.0.0.9/nqn.a%eth1\n3s connect 10.0.0.9/nqn.a%eth1\n9s connect 10.0.0.9/nqn.a%eth1\n"
       "21s connect 10.0.0.9/nqn.a%eth1\n45s connect 10.0.0.9/nqn.a%eth1\n93s connect 10.0.0.9/nqn.a%eth1\n"
       "153s connect 10.0.0.9/nqn.a%eth1\n200s ls 10.0.0.9/nqn.a%eth1 -\n200s ls 10.0.0.9/nqn.a nvme0\n"},
      {"two interfaces: two paths",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          start
          stafd up
          lists 10.0.0.1%eth0 10.0.0.9/nqn.a
          lists 10.0.0.1%eth1 10.0.0.9/nqn.a
          ls)",
       "0s connect 10.0.0.9/nqn.a%eth0\n0s connect 10.0.0.9/nqn.a%eth1\n"
       "0s ls 10.0.0.9/nqn.a%eth0 nvme0\n0s ls 10.0.0.9/nqn.a%eth1 nvme1\n"},
      {"rdma and fc entries get no interface: #20, D-14",
       R"(start
          stafd up
          lists 10.0.0.1%eth0 rdma:10.0.0.9/nqn.a fc:nn-0x1:pn-0x2/nqn.b)",
       "0s connect rdma:10.0.0.9/nqn.a\n0s connect fc:nn-0x1:pn-0x2/nqn.b\n"},
      {"host-traddr",
       R"(start
          stafd up
          lists 10.0.0.1<10.0.0.7 nqn.a)",
       "0s connect 10.0.0.1/nqn.a<10.0.0.7\n"},
      {"host-traddr of another family is not inherited",
       R"(start
          stafd up
          lists 10.0.0.1<10.0.0.7 [fd00::1]/nqn.a)",
       "0s connect [fd00::1]/nqn.a\n"},
      {"host NQN: #9",
       R"(start
          stafd up
          lists 10.0.0.1@nqn.tenant nqn.a)",
       "0s connect 10.0.0.1/nqn.a@nqn.tenant\n"},
      {"link-local entries get the scope of their controller: #41",
       R"(start
          stafd up
          lists [fe80::1%eth0] [fe80::2]/nqn.a)",
       "0s connect [fe80::2%eth0]/nqn.a\n"},
      {"the same entry from two: one connection",
       R"(start
          stafd up
          lists 10.0.0.1 10.0.0.9/nqn.a
          lists 10.0.0.2 10.0.0.9/nqn.a)",
       "0s connect 10.0.0.9/nqn.a\n"},
      {"referrals and self entries are nothing to connect",
       R"(start
          stafd up
          lists 10.0.0.1 referral=10.0.0.2 self=10.0.0.1)",
       ""},
  });
}

TEST(ConnectorSources, NeverConnectsWhatMustNotBe) {
  check({
      {"excluded by address, in another spelling: #4",
       R"(start exclude=traddr=::ffff:10.0.0.9
          stafd up
          lists 10.0.0.1 10.0.0.9/nqn.a nqn.b)",
       "0s connect 10.0.0.1/nqn.b\n"},
      {"a mapped address is IPv4: #4",
       R"(start ip-family=ipv4
          stafd up
          lists 10.0.0.1 [::ffff:10.0.0.9]/nqn.a)",
       "0s connect 10.0.0.9/nqn.a\n"},
      {"a disabled family",
       R"(start ip-family=ipv4
          stafd up
          lists 10.0.0.1 [fd00::9]/nqn.a nqn.b)",
       "0s connect 10.0.0.1/nqn.b\n"},
      {"an exclude= line without a field excludes nothing: #5, D-02", R"(start exclude= | controller=10.0.0.1/nqn.a)",
       "0s error [Controllers]: exclude - the rule is empty: the rule is ignored and excludes nothing - say what to "
       "exclude: "
       "transport, traddr, trsvcid, nqn, host-iface or host-nqn\n"
       "0s connect 10.0.0.1/nqn.a\n"},
      {"an entry that would inject options: #35, D-39",
       R"(start
          stafd up
          lists 10.0.0.1 10.0.0.9/nqn.a,host_iface=eth9 nqn.b)",
       "0s connect 10.0.0.1/nqn.b\n"},
      {"... is told once",
       R"(start
          stafd up
          journal
          lists 10.0.0.1 10.0.0.9/nqn.a,x=y
          signal
          signal)",
       "0s warning: (tcp, 10.0.0.9, 8009, nqn.a,x=y) NQN cannot be used\n"},
      {"fc in controller=: #33, D-13",
       R"(start controller=transport=fc;traddr=nn-0x200000110d000001:pn-0x200000110d000002;host-traddr=nn-0x200000110d000003:pn-0x200000110d000004;nqn=nqn.a)",
       "0s connect fc:nn-0x200000110d000001:pn-0x200000110d000002/nqn.a<nn-0x200000110d000003:pn-0x200000110d000004\n"},
      {"a value that contains =: #32, D-03", R"(start controller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a=b=c)",
       "0s connect 10.0.0.1/nqn.a=b=c\n"},
  });
}

}  // namespace
}  // namespace stas::story
