// SPDX-License-Identifier: Apache-2.0
//
// `topology` as people see it: the tree, and the graph for dot(1).
#include "libstas/tools/topology_text.h"

#include <gtest/gtest.h>

namespace stas {
namespace {

Json document() {
  return *Json::parse(R"json({
    "host": {"nqn": "nqn.host"},
    "interfaces": [{"name": "eth0", "up": true, "addresses": ["10.0.0.9", "fe80::1"]},
                   {"name": "eth1", "up": false, "addresses": []}],
    "discovery controllers": [
      {"name": "(tcp, 10.0.0.8)", "origin": "configured", "page known": true, "interface": ""},
      {"name": "(tcp, 10.1.0.8)", "origin": "referral", "page known": false, "interface": "eth1"}],
    "subsystems": [
      {"subsysnqn": "nqn.a", "paths": [
        {"transport": "tcp", "traddr": "10.0.0.1", "trsvcid": "4420", "verdict": "wanted", "device": "nvme1",
         "state": "live", "interface": "eth0", "configured": "conf:2", "discovery controllers": ["(tcp, 10.0.0.8)"]},
        {"transport": "tcp", "traddr": "10.1.0.1", "trsvcid": "4420", "verdict": "held", "device": "nvme2",
         "state": "connecting", "interface": "", "configured": "", "discovery controllers": []}]},
      {"subsysnqn": "nqn.\"b\"\u001b", "paths": [
        {"transport": "fc", "traddr": "nn-0x1:pn-0x2", "trsvcid": "", "verdict": "wanted", "device": "",
         "state": "missing", "interface": "", "configured": "", "discovery controllers": ["(tcp, 10.0.0.8)"]}]}]
})json");
}

TEST(Topology, TreeHangsEachPathUnderItsWayAndItsSources) {
  EXPECT_EQ(topology_tree(document(), false),
            "host nqn.host\n"
            "├─ eth0 10.0.0.9 fe80::1\n"
            "│  ├─ (tcp, 10.0.0.8)  configured\n"
            "│  │  └─ nqn.a\n"
            "│  │     └─ nvme1 tcp 10.0.0.1 4420  live\n"
            "│  └─ controller= lines\n"
            "│     └─ nqn.a\n"
            "│        └─ nvme1 tcp 10.0.0.1 4420  live\n"
            "├─ eth1 down\n"
            "│  └─ (tcp, 10.1.0.8)  referral, page not read yet\n"
            "└─ any interface\n"
            "   ├─ no source\n"
            "   │  └─ nqn.a\n"
            "   │     └─ nvme2 tcp 10.1.0.1 4420  connecting, held\n"
            "   └─ (tcp, 10.0.0.8)  configured\n"
            "      └─ nqn.\"b\"\\x1b\n"
            "         └─ - fc nn-0x1:pn-0x2  missing\n");
}

TEST(Topology, OnlyStatesHaveColours) {
  const std::string plain = topology_tree(document(), false), coloured = topology_tree(document(), true);
  EXPECT_EQ(plain.find('\033'), std::string::npos);
  EXPECT_NE(coloured.find("4420  \033[32mlive\033[0m\n"), std::string::npos);
  EXPECT_NE(coloured.find("\033[33mconnecting, held\033[0m\n"), std::string::npos);
  EXPECT_NE(coloured.find("\033[31mmissing\033[0m\n"), std::string::npos);
  EXPECT_NE(coloured.find("(tcp, 10.0.0.8)  configured\n"), std::string::npos);
}

TEST(Topology, GraphHasEachNodeOnceAndIsEscaped) {
  const std::string dot = topology_dot(document());
  EXPECT_NE(dot.find("\"interface eth0\" -> \"subsystem nqn.a\" [label=\"nvme1 tcp 10.0.0.1 4420 live\", "
                     "color=darkgreen, fontcolor=darkgreen];\n"),
            std::string::npos);
  EXPECT_NE(dot.find("\"dc (tcp, 10.0.0.8)\" -> \"subsystem nqn.a\" [style=dashed];\n"), std::string::npos);
  EXPECT_NE(dot.find("\"subsystem nqn.\\\"b\\\"\\\\x1b\" [label=\"nqn.\\\"b\\\"\\\\x1b\", shape=cylinder];\n"),
            std::string::npos);
  EXPECT_EQ(dot.find("\"dc (tcp, 10.0.0.8)\" [label"), dot.rfind("\"dc (tcp, 10.0.0.8)\" [label"));
}

TEST(Topology, OfADaemonThatSaysLittleIsATreeAllTheSame) {
  EXPECT_EQ(topology_tree(Json::object(), false), "host \n");
  EXPECT_EQ(topology_dot(Json::object()).find("nan"), std::string::npos);
}

}  // namespace
}  // namespace stas
