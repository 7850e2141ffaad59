// SPDX-License-Identifier: Apache-2.0
//
// The user fabric against the bundled target over loopback TCP: what a daemon sees when all goes well.
#include "libstas/sys/fabric/user/user_fabric.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "libstas/core/discovery/aen.h"
#include "libstas/core/discovery/dim.h"
#include "tests/target/target_thread.h"
#include "tests/unit/nvme_tcp/fabric_world.h"

namespace stas {
namespace {

using namespace std::chrono_literals;
using target::TargetThread;

constexpr const char* kUnique = "nqn.2024-01.org.example:discovery";
constexpr const char* kIo = "nqn.2024-01.org.example:io";

std::unique_ptr<TargetThread> start_target(const std::string& discovery, const std::string& more = "") {
  auto started = TargetThread::start(R"({"discovery": {"nqn": "nqn.2024-01.org.example:discovery")" + discovery +
                                     R"(}, "listeners": [{"traddr": "127.0.0.1", "trsvcid": "0"}])" + more + "}");
  EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text);
  return started ? std::move(*started) : nullptr;
}

const std::string kOneSubsystem =
    R"(, "subsystems": [{"nqn": "nqn.2024-01.org.example:io", "namespaces": [{"ram": "1MiB"}]}])";

TEST(UserFabric, BeginsWithInterfacesAndAnEmptyScan) {
  FabricWorld world;
  EXPECT_TRUE(world.events.empty()) << "not from inside start()";
  ASSERT_TRUE(world.wait([&] { return world.events.size() >= 2; }));
  EXPECT_FALSE(std::get<InterfacesSeen>(world.events[0]).interfaces.empty());
  EXPECT_TRUE(std::get<DevicesScanned>(world.events[1]).devices.empty());
}

TEST(UserFabric, NobodyUsesWhatHasNoBlockDevice) {
  const auto target = start_target("");
  FabricWorld world;
  const auto device = world.connected(order(target->port()));
  const auto usage = world.call(InspectUsage{0, world.some_tid(), device.ref});
  EXPECT_EQ(std::get<Usage>(usage).by, "");
  const auto other = world.call(InspectUsage{0, world.some_tid(), {"user7", 7}});
  EXPECT_EQ(std::get<Error>(other).kind, ErrorKind::not_found);
}

TEST(UserFabric, ConnectsADiscoveryControllerWithAllItsAttributes) {
  const auto target = start_target(R"(, "dctype": "cdc")");
  FabricWorld world;
  const auto device = world.connected(order(target->port()));
  EXPECT_EQ(device.ref.name, "user0");
  EXPECT_NE(device.ref.incarnation, 0U);
  EXPECT_EQ(device.transport, "tcp");
  EXPECT_EQ(device.traddr, "127.0.0.1");
  EXPECT_EQ(device.trsvcid, target->port());
  EXPECT_EQ(device.src_addr, "127.0.0.1");
  EXPECT_EQ(device.subsysnqn, kUnique) << "what Identify says";
  EXPECT_EQ(device.hostnqn, kHostNqn);
  EXPECT_EQ(device.hostid, kHostId);
  EXPECT_EQ(device.cntrltype, "discovery");
  EXPECT_EQ(device.dctype, "cdc");
  EXPECT_EQ(device.state, "live");
  EXPECT_FALSE(device.model.empty());
  EXPECT_TRUE(is_settled(device));
  EXPECT_EQ(world.story, std::vector<std::string>{"seen user0 live"});
  EXPECT_EQ(world.fabric.pending(), 0U);

  world.events.clear();
  world.fabric.rescan();
  ASSERT_TRUE(world.wait([&] { return world.events.size() >= 2; }));
  const auto& scan = std::get<DevicesScanned>(world.events[1]);
  ASSERT_EQ(scan.devices.size(), 1U);
  EXPECT_EQ(scan.devices[0], device);
}

TEST(UserFabric, ReadsLogPagesOfAnyLength) {
  for (const std::size_t count : {0U, 1U, 1000U, 3000U}) {
    std::string entries;
    for (std::size_t i = 0; i < count; ++i) {
      entries += std::string(i == 0 ? "" : ", ") + R"({"subnqn": "nqn.2024-01.org.example:)" + std::to_string(i) +
                 R"(", "traddr": "10.0.0.1", "trsvcid": "4420"})";
    }
    const auto target = start_target(R"(, "self_entries": false, "raw_entries": [)" + entries + "]");
    FabricWorld world;
    const auto device = world.connected(order(target->port()));
    const auto page = world.page(device);
    ASSERT_EQ(page.entries.size(), count);
    EXPECT_FALSE(page.unchanged);
    if (count > 0) {
      EXPECT_EQ(page.entries.back().subnqn, "nqn.2024-01.org.example:" + std::to_string(count - 1));
    }
    const auto again = world.page(device, page.genctr);
    EXPECT_TRUE(again.unchanged);
    EXPECT_TRUE(again.entries.empty());
  }
}

TEST(UserFabric, EventsArriveAndAreRearmedByReading) {
  const auto target = start_target("");
  FabricWorld world;
  const auto device = world.connected(order(target->port()));
  (void)world.page(device);
  for (unsigned i = 1; i <= 3; ++i) {
    const auto before = std::chrono::steady_clock::now();
    ASSERT_TRUE(target->call("discovery.bump").has_value());
    ASSERT_TRUE(world.wait([&] { return world.aens == i; }));
    // Others may have come after it.
    const auto latest = std::find_if(world.events.rbegin(), world.events.rend(),
                                     [](const Event& event) { return std::holds_alternative<AenReceived>(event); });
    ASSERT_NE(latest, world.events.rend());
    const auto aen = std::get<AenReceived>(*latest);
    EXPECT_EQ(aen.value, kAenDiscoveryLogChanged);
    EXPECT_EQ(aen.ref, device.ref);
    (void)world.page(device);
    const auto took = std::chrono::steady_clock::now() - before;
    RecordProperty("aen_to_page_us",
                   static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    EXPECT_LT(took, 2s);
  }
}

TEST(UserFabric, DigestsGuardHeadersAndData) {
  const auto target = start_target("", kOneSubsystem);
  for (const auto& [header, data] : {std::pair(true, true), std::pair(true, false), std::pair(false, true)}) {
    FabricWorld world;
    auto connect = order(target->port());
    connect.options.hdr_digest = header;
    connect.options.data_digest = data;
    const auto device = world.connected(connect);
    EXPECT_EQ(world.page(device).entries.size(), 2U);
  }
}

TEST(UserFabric, AWrongDataDigestFailsOneCommandOnly) {
  const auto target = start_target("", kOneSubsystem);
  FabricWorld world;
  auto connect = order(target->port());
  connect.options.data_digest = true;
  const auto device = world.connected(connect);
  ASSERT_TRUE(target->call("fault.add", R"({"what": "bad_ddgst", "opcode": "get_log_page"})").has_value());
  const auto result = world.call(FetchLogPage{0, connect.tid, device.ref, false, {}});
  ASSERT_TRUE(std::holds_alternative<Error>(result));
  EXPECT_NE(std::get<Error>(result).text.find("digest"), std::string::npos) << std::get<Error>(result).text;
  EXPECT_EQ(world.page(device).entries.size(), 2U);
}

TEST(UserFabric, RegistersWithTheDiscoveryController) {
  const auto target = start_target(R"(, "dctype": "ddc")");
  FabricWorld world;
  const auto connect = order(target->port());
  const auto device = world.connected(connect);
  const auto entry = dim_host_entry(connect.host, IpFamily::v4);
  ASSERT_TRUE(entry.has_value()) << entry.error().text;
  const auto result = world.call(Register{0, connect.tid, device.ref, *entry});
  ASSERT_TRUE(std::holds_alternative<Registered>(result)) << std::get<Error>(result).text;
  EXPECT_EQ(std::get<Registered>(result).refusal, "");
  EXPECT_NE(target->call("dim.list")->find(kHostNqn), std::string::npos);

  ASSERT_TRUE(target->call("fault.add", R"({"what": "status", "opcode": "dim", "status": 303})").has_value());
  const auto refusal = world.call(Register{0, connect.tid, device.ref, *entry});
  ASSERT_TRUE(std::holds_alternative<Registered>(refusal));
  EXPECT_NE(std::get<Registered>(refusal).refusal.find("invalid discovery information"), std::string::npos);
}

TEST(UserFabric, AsksForTheSupportedLogPages) {
  const auto target = start_target(R"(, "pleo": true, "allsube": true)");
  FabricWorld world;
  const auto device = world.connected(order(target->port()));
  const auto result = world.call(FetchSupported{0, world.some_tid(), device.ref});
  ASSERT_TRUE(std::holds_alternative<SupportedDlp>(result)) << std::get<Error>(result).text;
  EXPECT_EQ(std::get<SupportedDlp>(result), (SupportedDlp{false, true, true}));

  ASSERT_TRUE(target->call("discovery.set", R"({"supported_log_pages": false})").has_value());
  const auto refused = world.call(FetchSupported{0, world.some_tid(), device.ref});
  ASSERT_TRUE(std::holds_alternative<Error>(refused));
}

TEST(UserFabric, ConnectsIoControllersWithTheirQueuesOnce) {
  const auto target = start_target("", kOneSubsystem);
  FabricWorld world;
  auto connect = order(target->port(), ControllerKind::io, kIo);
  connect.options.nr_io_queues = 4;
  connect.options.hdr_digest = true;
  const auto device = world.connected(connect);
  EXPECT_EQ(device.cntrltype, "io");
  EXPECT_EQ(device.subsysnqn, kIo);
  EXPECT_NE(target->call("controllers.list")->find("\"queues\":[0,1,2,3,4]"), std::string::npos)
      << *target->call("controllers.list");
  EXPECT_EQ(world.refused(connect).kind, ErrorKind::already_connected);
}

TEST(UserFabric, DisconnectEndsTheAssociationAndNamesAreNotReused) {
  const auto target = start_target("", kOneSubsystem);
  FabricWorld world;
  const auto connect = order(target->port(), ControllerKind::io, kIo);
  const auto device = world.connected(connect);
  const auto other = DeviceRef{device.ref.name, device.ref.incarnation + 1};
  EXPECT_EQ(std::get<Error>(world.call(Disconnect{0, connect.tid, other, {}})).kind, ErrorKind::not_found);
  EXPECT_TRUE(std::holds_alternative<Disconnected>(world.call(Disconnect{0, connect.tid, device.ref, {}})));
  EXPECT_TRUE(world.heard("gone user0"));
  EXPECT_EQ(world.connected(connect).ref.name, "user1");
  EXPECT_EQ(std::get<Error>(world.call(Disconnect{0, connect.tid, device.ref, {}})).kind, ErrorKind::not_found);
  EXPECT_NE(target->call("controllers.list")->find(kIo), std::string::npos);
}

TEST(UserFabric, ManyConnectsAtOnceAllSucceed) {
  constexpr int kCount = 200;
  const auto target = start_target("");
  FabricWorld world;
  std::vector<OpId> ops;
  for (int i = 0; i < kCount; ++i) ops.push_back(world.begin(order(target->port())));
  EXPECT_EQ(world.fabric.pending(), static_cast<std::size_t>(kCount));
  for (const auto op : ops) EXPECT_TRUE(std::holds_alternative<Connected>(world.result(op)));
  EXPECT_EQ(world.fabric.pending(), 0U);
}

TEST(UserFabric, TheAddressesOfOneNameAreRaced) {
  const auto target = start_target("");
  FabricWorld world;
  const auto at = [&](const std::string& own, const std::string& other) {
    auto connect = order(target->port(), ControllerKind::discovery, std::string(kWellKnownDiscoveryNqn), own);
    connect.others = {*IpAddress::parse(other)};
    return connect;
  };
  const auto elsewhere = world.call(at("127.0.0.9", "127.0.0.1"));
  ASSERT_TRUE(std::holds_alternative<AnsweredElsewhere>(elsewhere));
  EXPECT_EQ(std::get<AnsweredElsewhere>(elsewhere).address.to_string(), "127.0.0.1");
  EXPECT_TRUE(std::holds_alternative<NobodyAnswered>(world.call(at("127.0.0.9", "127.0.0.8"))));
  EXPECT_TRUE(world.story.empty()) << "nothing was connected";
  world.connected(at("127.0.0.1", "127.0.0.9"));
  const auto racing = world.begin(at("127.0.0.9", "127.0.0.1"));
  world.fabric.stop_connecting();
  EXPECT_EQ(std::get<Error>(world.result(racing)).kind, ErrorKind::cancelled);
  EXPECT_EQ(world.fabric.pending(), 0U);
}

TEST(UserFabric, AStopCallsOffFirstConnectsOnly) {
  const auto target = start_target("", kOneSubsystem);
  FabricWorld world;
  world.connected(order(target->port()));
  ASSERT_TRUE(target->call("fault.add", R"({"what": "no_icresp", "count": 0})"));
  const auto hanging = world.begin(order(target->port(), ControllerKind::io, kIo));
  ASSERT_TRUE(
      world.wait([&] { return target->call("fault.list", "{}").value().find("\"struck\":0") == std::string::npos; }));
  world.fabric.stop_connecting();
  EXPECT_EQ(std::get<Error>(world.result(hanging)).kind, ErrorKind::cancelled);
  EXPECT_EQ(world.refused(order(target->port(), ControllerKind::io, kIo)).kind, ErrorKind::cancelled);
  EXPECT_EQ(world.story, std::vector<std::string>{"seen user0 live"});
}

TEST(UserFabric, SourceAddressAndInterfaceAreHonoured) {
  const auto target = start_target("");
  FabricWorld world;
  const auto from_address = with(order(target->port()), [](TidFields& f) { f.host_traddr = "127.0.0.2"; });
  EXPECT_EQ(world.connected(from_address).src_addr, "127.0.0.2");
  const auto from_iface = with(order(target->port()), [](TidFields& f) { f.host_iface = "lo"; });
  EXPECT_EQ(world.connected(from_iface).host_iface, "lo");
  const auto no_iface = with(order(target->port()), [](TidFields& f) { f.host_iface = "nosuch0"; });
  EXPECT_EQ(world.refused(no_iface).kind, ErrorKind::unreachable);
  const auto no_address = with(order(target->port()), [](TidFields& f) { f.host_traddr = "192.0.2.1"; });
  EXPECT_EQ(world.refused(no_address).kind, ErrorKind::unreachable);
}

TEST(UserFabric, KeepAliveKeepsTheConnection) {
  const auto target = start_target("");
  FabricWorld world;
  auto connect = order(target->port());
  connect.options.kato = 1;
  const auto device = world.connected(connect);
  EXPECT_FALSE(world.wait([&] { return world.story.size() > 1; }, 2500ms)) << world.story.back();
  EXPECT_EQ(world.page(device).genctr, 1U);
}

}  // namespace
}  // namespace stas
