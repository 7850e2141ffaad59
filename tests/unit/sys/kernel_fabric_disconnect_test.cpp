// SPDX-License-Identifier: Apache-2.0
//
// Disconnects through the kernel fabric: exactly the device that was meant, nothing beside paths that are lost, and the
// registry of owners: what is ours is in it, what is another's is not cut.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sys/kernel_fabric_fixture.h"
#include "tests/unit/sys/kernel_listener.h"

namespace stas {
namespace {

using test::KernelFabricTest;
using test::Listener;
using test::run_until;

TEST_F(KernelFabricTest, DisconnectCutsExactlyTheDeviceThatWasMeant) {
  root_.add("nvme3", test::io_controller());
  const auto old = ref("nvme3");
  root_.add("nvme3", test::io_controller());
  const Tid tid = order(0, "4420").tid;
  fabric().submit(Disconnect{.op = 1, .tid = tid, .device = old, .reason = Reason::not_listed});
  EXPECT_EQ(kind(result(1)), ErrorKind::not_found);
  EXPECT_EQ(root_.deleted("nvme3"), "");
  fabric().submit(Disconnect{.op = 2, .tid = tid, .device = ref("nvme3"), .reason = Reason::not_listed});
  EXPECT_TRUE(std::holds_alternative<Disconnected>(result(2)));
  EXPECT_EQ(root_.deleted("nvme3"), "1");
}

// The kernel sends no event when it loses a connection.
TEST_F(KernelFabricTest, NothingIsCutBesidePathsThatAreLost) {
  for (const char* name : {"nvme0", "nvme1", "nvme2"}) root_.add(name, test::io_controller());
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  const Tid tid = order(0, "4420").tid;
  const std::vector<DeviceRef> others{ref("nvme1"), ref("nvme2")};
  const auto cut = [&](OpId op, const char* name) {
    fabric().submit(
        Disconnect{.op = op, .tid = tid, .device = ref(name), .reason = Reason::not_listed, .beside = others});
    return result(op);
  };
  root_.set("nvme1", "state", "connecting");
  root_.set("nvme2", "state", "resetting");
  events_.clear();
  EXPECT_EQ(kind(cut(1, "nvme0")), ErrorKind::cancelled);
  EXPECT_EQ(root_.deleted("nvme0"), "");
  std::string heard;
  for (const auto& event : events_) {
    if (const auto* seen = std::get_if<DeviceSeen>(&event)) heard += seen->device.state + " ";
    if (std::holds_alternative<OpDone>(event)) heard += "and the answer";
  }
  EXPECT_EQ(heard, "connecting resetting and the answer") << "the brain hears why";
  root_.add("nvme1", test::io_controller());
  EXPECT_EQ(kind(cut(2, "nvme0")), ErrorKind::cancelled) << "another controller of that name";
  root_.set("nvme2", "state", "live");
  EXPECT_TRUE(std::holds_alternative<Disconnected>(cut(3, "nvme0")));
  EXPECT_EQ(root_.deleted("nvme0"), "1");
}

TEST_F(KernelFabricTest, OursAreInTheRegistryUntilTheyAreDisconnected) {
  std::filesystem::create_directories(root_.path("registry"));
  Listener target(loop_, test::icresp());
  root_.add("nvme3", test::io_controller());
  root_.write("registry/nvme3/owner", "nbft\n");  // of an earlier bearer of the name
  writer_->answer = std::string("nvme3");
  fabric().submit(order(1, target.port()));
  const auto connected = result(1);
  ASSERT_TRUE(std::holds_alternative<Connected>(connected));
  EXPECT_EQ(std::get<Connected>(connected).device.owner, "");
  EXPECT_EQ(root_.read("registry/nvme3/owner"), "stas\n");
  fabric().submit(Disconnect{.op = 2, .tid = order(0, "1").tid, .device = ref("nvme3"), .reason = {}});
  EXPECT_TRUE(std::holds_alternative<Disconnected>(result(2)));
  EXPECT_EQ(root_.deleted("nvme3"), "1");
  EXPECT_TRUE(std::filesystem::is_empty(root_.path("registry")));
}

TEST_F(KernelFabricTest, WhatBelongsToSomebodyElseIsNotCutAlsoWhereNobodyKnewItYet) {
  root_.add("nvme3", test::io_controller());
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  EXPECT_EQ(std::get<DevicesScanned>(events_[1]).devices.at(0).owner, "");
  root_.write("registry/nvme3/owner", "discoverd\n");
  fabric().submit(Disconnect{.op = 1, .tid = order(0, "1").tid, .device = ref("nvme3"), .reason = {}});
  EXPECT_EQ(kind(result(1)), ErrorKind::permission);
  EXPECT_EQ(root_.deleted("nvme3"), "");
  EXPECT_TRUE(run_until(loop_, [&] {
    const auto* scan = std::get_if<DevicesScanned>(&events_.back());
    return scan != nullptr && scan->devices.at(0).owner == "discoverd";
  })) << "the brain hears why";
  EXPECT_EQ(root_.read("registry/nvme3/owner"), "discoverd\n");
}

TEST_F(KernelFabricTest, ARegistryThatCannotBeWrittenIsTold) {
  root_.write("registry", "a file");
  Listener target(loop_, test::icresp());
  root_.add("nvme3", test::io_controller());
  writer_->answer = std::string("nvme3");
  fabric().submit(order(1, target.port()));
  EXPECT_TRUE(std::holds_alternative<Connected>(result(1)));
  const auto told = std::any_of(events_.begin(), events_.end(), [](const Event& event) {
    const auto* trouble = std::get_if<Trouble>(&event);
    return trouble != nullptr && trouble->text.find("nvme disconnect-all") != std::string::npos;
  });
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace stas
