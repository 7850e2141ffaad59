// SPDX-License-Identifier: Apache-2.0
//
// What the kernel fabric tells unasked: interfaces and a scan first, in which order events come, scans that fail, and
// what the kernel can do. Connects, disconnects and commands: the other kernel_fabric files.
#include <atomic>
#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "tests/unit/sys/kernel_fabric_fixture.h"

namespace stas {
namespace {

using test::KernelFabricTest;
using test::run_until;

TEST_F(KernelFabricTest, BeginsWithInterfacesAndAScan) {
  root_.add("nvme1", test::io_controller());
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  EXPECT_TRUE(std::holds_alternative<InterfacesSeen>(events_[0]));
  EXPECT_EQ(std::get<DevicesScanned>(events_[1]).devices.size(), 1U);
  fabric().rescan();
  fabric().rescan();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 4; }));
  EXPECT_EQ(events_.size(), 4U);
}

// The brain judges a connection by the interface it comes from, so it hears of a new one first, however long the look
// at it takes, and of nothing else in between.
TEST_F(KernelFabricTest, AControllerFromAnAddressNotHeardOfWaitsForTheInterfacesAndAllElseBehindIt) {
  struct Kernel {
    std::atomic<bool> has_eth9 = false;
    std::atomic<int> looks = 0;
  };
  const auto kernel = std::make_shared<Kernel>();
  calls_.interfaces = [kernel] {
    ++kernel->looks;
    if (!kernel->has_eth9) return Interfaces{{"lo", {}, true}};
    return Interfaces{{"lo", {}, true}, {"eth9", {*IpAddress::parse("192.0.2.9")}, true}};
  };
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  events_.clear();
  kernel->has_eth9 = true;
  auto controller = test::io_controller();
  controller["address"] = "traddr=192.0.2.1,trsvcid=4420,src_addr=192.0.2.9";
  root_.add("nvme7", controller);
  fabric().submit(
      Disconnect{.op = 1, .tid = order(0, "4420").tid, .device = ref("nvme7"), .reason = Reason::not_listed});
  EXPECT_TRUE(run_until(loop_, [&] { return events_.size() >= 3; }));
  ASSERT_EQ(events_.size(), 3U);
  EXPECT_EQ(std::get<InterfacesSeen>(events_[0]).interfaces.size(), 2U);
  EXPECT_EQ(std::get<DeviceSeen>(events_[1]).device.src_addr, "192.0.2.9");
  EXPECT_EQ(std::get<OpDone>(events_[2]).op, 1U);
  EXPECT_EQ(kernel->looks, 2);
}

TEST_F(KernelFabricTest, AFailedScanIsRepeatedAndSaysNothingUntilItWorks) {
  std::filesystem::rename(root_.path("sys"), root_.path("gone"));
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return !events_.empty(); }));
  fabric().rescan();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  for (const auto& event : events_) EXPECT_FALSE(std::holds_alternative<DevicesScanned>(event));
  std::filesystem::rename(root_.path("gone"), root_.path("sys"));
  EXPECT_TRUE(run_until(loop_, [&] { return std::holds_alternative<DevicesScanned>(events_.back()); }));
}

TEST_F(KernelFabricTest, TellsWhatTheKernelCanDo) {
  fabric();
  // The list of the fake kernel has both, whatever the machine of the test runs.
  EXPECT_TRUE(run_until(loop_, [&] { return fabric().supports_tp8013() && fabric().supports_host_iface(); }));
}

}  // namespace
}  // namespace stas
