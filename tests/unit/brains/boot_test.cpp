// SPDX-License-Identifier: Apache-2.0
//
// What the firmware booted from (core/brain/boot): wanted like a line of a file, and never cut.
#include "libstas/core/brain/boot.h"

#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas {
namespace {

Interface interface(const char* name, std::uint8_t mac, const char* address = nullptr) {
  Interface made{name, {}, true, {0, 0, 0, 0, 0, mac}};
  if (address != nullptr) made.addresses.push_back(*IpAddress::parse(address));
  return made;
}

TEST(BootLines, AnInterfaceIsFoundByItsMacAddress) {
  const NbftInterface meant{{0, 0, 0, 0, 0, 7}, IpAddress::parse("192.0.2.9"), 0};
  EXPECT_EQ(interface_now(meant, {interface("eth0", 6, "192.0.2.9"), interface("eth1", 7)}), "eth1");
  // VLANs and bonds share it; then the address tells.
  EXPECT_EQ(interface_now(meant, {interface("eth1", 7), interface("eth1.5", 7, "192.0.2.9")}), "eth1.5");
  EXPECT_EQ(interface_now(meant, {interface("eth1", 7), interface("eth1.5", 7, "192.0.2.8")}), "");
  EXPECT_EQ(interface_now(meant, {interface("eth0", 6)}), "");
}

TEST(BootLines, EachControllerOnce) {
  Nbft table;
  table.host_nqn = "nqn.2024-01.org.example:host";
  table.host_id = "11111111-1111-1111-1111-111111111111";
  NbftController root;
  root.traddr = "192.0.2.49";
  root.trsvcid = "4420";
  root.nqn = "nqn.2024-01.org.example:root";
  root.data_digest = true;
  table.subsystems = {root, root};
  table.subsystems[1].index = 2;  // another namespace
  table.discovery_controllers = {root};
  const auto lines = boot_lines({table, table}, ControllerKind::io, {});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].is_boot());
  EXPECT_EQ(lines[0].host_nqn, table.host_nqn);
  EXPECT_EQ(lines[0].host_id, table.host_id);
  EXPECT_EQ(lines[0].options.data_digest, true);
  EXPECT_EQ(boot_lines({table}, ControllerKind::discovery, {}).size(), 1U);
  // They take the place of those before, and of no line of the file.
  StacdConfig config;
  config.controllers.resize(1);
  set_boot(config, {lines, {}});
  set_boot(config, {lines, {}});
  EXPECT_EQ(config.controllers.size(), 2U);
}

TEST(BootDoubts, AboutWhatMayBeAnIoController) {
  Nbft table;
  table.left_out = {{"discovery entry 1: x", false, {}, {}},
                    {"namespace entry 1: y", true, "192.0.2.1", {}},
                    {"namespace entry 2: z", true, {}, "nqn.2024-01.org.example:root"},
                    {"all namespace entries", true, {}, {}}};
  const auto doubts = boot_doubts(table, "/NBFT");
  ASSERT_EQ(doubts.size(), 3U);
  EXPECT_EQ(doubts[0].to_string(), "/NBFT: namespace entry 1: y");
  EXPECT_EQ(doubts[0].traddr, "192.0.2.1");
  EXPECT_EQ(doubts[0].subsysnqn, std::nullopt);
  EXPECT_EQ(doubts[1].subsysnqn, "nqn.2024-01.org.example:root");
  EXPECT_FALSE(doubts[2].traddr || doubts[2].subsysnqn);
}

TEST(ConnectorBoot, WhatWasBootedFromIsWantedAndNeverCut) {
  story::check(
      {
          {"it is connected, and stays without a line",
           R"(boot 10.0.0.1:4420/nqn.root
              stafd up
              start
              wait 5
              conf kato=7
              wait 100
              explain nqn.root)",
           "0s connect 10.0.0.1:4420/nqn.root\n"
           "105s explain 10.0.0.1:4420/nqn.root wanted (configured) since 105.0s [entry 1 of the firmware's boot table "
           "(NBFT)] kato=7<conf:2> ctrl-loss-tmo=600<default> trsvcid=4420<entry 1 of the firmware's boot table "
           "(NBFT)> "
           "on nvme0 live bound 105.0s\n"},
          {"what the initrd connected is taken over, and scope takes nothing away",
           R"(boot 10.0.0.1:4420/nqn.root
              device nvme0 10.0.0.1:4420/nqn.root
              device nvme1 10.0.0.1:4420/nqn.other
              stafd up
              --
              start disconnect-scope=all-connections-matching-disconnect-trtypes
              wait 100)",
           "10s disconnect nvme1 10.0.0.1:4420/nqn.other (not wanted by anything)\n"},
          {"under whatever host NQN and by whatever interface the initrd connected it",
           R"(boot 10.0.0.1:4420/nqn.root
              device nvme0 10.0.0.1:4420/nqn.root@nqn.bootedhost
              device nvme1 10.0.0.1:4420/nqn.root%eth5
              stafd up
              --
              start disconnect-scope=all-connections-matching-disconnect-trtypes
              wait 100
              conf disconnect-scope=all-connections-matching-disconnect-trtypes | exclude=nqn=nqn.root
              wait 100)",
           ""},
          {"what an entry that cannot be used may mean is not cut, also where an exclude= line names it; others are",
           R"(boot-doubt traddr=10.0.0.1
              boot-doubt nqn=nqn.data
              device nvme0 10.0.0.1:4420/nqn.root
              device nvme1 10.0.0.2:4420/nqn.data
              device nvme2 10.0.0.2:4420/nqn.other
              stafd up
              --
              start disconnect-scope=all-connections-matching-disconnect-trtypes
              wait 100
              conf disconnect-scope=all-connections-matching-disconnect-trtypes | exclude=nqn=nqn.root
              wait 100
              explain nqn.root)",
           "10s disconnect nvme2 10.0.0.2:4420/nqn.other (not wanted by anything)\n"
           "200s explain 10.0.0.1:4420/nqn.root foreign (this host may have been booted from it: NBFT: left out) since "
           "200.0s {conf:4: exclude=nqn=nqn.root: refuses it} {conf [I/O controller connection management]: "
           "disconnect-scope=all-connections-matching-disconnect-"
           "trtypes: lets it be looked at} on nvme0 live bound 200.0s\n"},
          {"a table of which nothing can be read: nothing that was connected before is cut; what is ours, is",
           R"(boot-doubt
              device nvme0 10.0.0.1:4420/nqn.root
              stafd up
              --
              start controller=10.0.0.3:4420/nqn.a | disconnect-scope=all-connections-matching-disconnect-trtypes
              wait 100
              conf disconnect-scope=all-connections-matching-disconnect-trtypes
              wait 100)",
           "0s connect 10.0.0.3:4420/nqn.a\n"
           "101.5s disconnect nvme1 10.0.0.3:4420/nqn.a (no longer configured)\n"},
          {"an exclude= line: not connected again, and not cut",
           R"(boot 10.0.0.1:4420/nqn.root
              start
              stafd up
              --
              journal
              conf exclude=nqn=nqn.root
              wait 100
              vanish nvme0
              wait 100)",
           "1.5s info: (tcp, 10.0.0.1, 4420, nqn.root) | nvme0 - Not wanted any more (excluded by an exclude= line); "
           "the "
           "connection stays, as this host was booted from it\n"},
          {"a plan says so",
           R"(boot 10.0.0.1:4420/nqn.root
              start
              stafd up
              --
              plan exclude=nqn=nqn.root)",
           "0s plan 1.5s release nvme0 10.0.0.1:4420/nqn.root (excluded by an exclude= line; the connection stays, as "
           "this "
           "host was booted from it) [new:2]\n"},
          {"a family that is not used any more: the same",
           R"(boot 10.0.0.1:4420/nqn.root
              start
              stafd up
              --
              conf ip-family=ipv6
              wait 100)",
           ""},
          {"the table is there at every reload, also of a file that cannot be read",
           R"(boot 10.0.0.1:4420/nqn.root
              start controller=10.0.0.2:4420/nqn.b
              stafd up
              --
              unread conf
              wait 100)",
           ""},
      },
      story::tell_connector);
}

TEST(FinderBoot, TheDiscoveryControllersOfTheTableAreConfigured) {
  story::check(
      {
          {"connected, read, and named",
           R"(boot 10.0.0.1
              mdns
              --
              start
              wait 5
              ls
              explain 10.0.0.1)",
           "0s connect 10.0.0.1\n"
           "0s supported 10.0.0.1\n"
           "0s page 10.0.0.1\n"
           "0s signal log_pages_changed 10.0.0.1 nvme0\n"
           "5s ls 10.0.0.1 configured nvme0 entries=0\n"
           "5s explain 10.0.0.1 wanted (configured) since 5.0s [entry 1 of the firmware's boot table (NBFT)] "
           "kato=30<default> ctrl-loss-tmo=600<default> trsvcid=8009<entry 1 of the firmware's boot table (NBFT)> on "
           "nvme0 "
           "live bound 5.0s, log page: 0 entries, generation 1, read or checked 5 s ago\n"},
          {"under the host NQN of the table; an exclude= line applies",
           R"(boot 10.0.0.1@nqn.boothost 10.0.0.2
              mdns
              --
              start exclude=traddr=10.0.0.2)",
           "0s connect 10.0.0.1@nqn.boothost\n"
           "0s supported 10.0.0.1@nqn.boothost\n"
           "0s page 10.0.0.1@nqn.boothost\n"
           "0s signal log_pages_changed 10.0.0.1@nqn.boothost nvme0\n"},
      },
      story::tell_finder);
}

}  // namespace
}  // namespace stas
