// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/devices.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libstas/core/discovery/aen.h"
#include "tests/unit/sys/kernel_fake_root.h"
#include "tests/unit/sys/kernel_loop.h"
#include "tests/unit/sys/no_descriptors.h"

namespace stas {
namespace {

using test::FakeRoot;
using test::NoDescriptors;
using test::run_until;

class DeviceWatch : public ::testing::Test {
 protected:
  // The events so far as text, and forgets them.
  std::string seen() {
    std::string text;
    for (const auto& event : events_) text += describe(event) + "; ";
    events_.clear();
    return text;
  }
  static std::string describe(const Event& event) {
    if (const auto* e = std::get_if<DeviceSeen>(&event)) return "seen " + e->device.ref.name + " " + e->device.state;
    if (const auto* e = std::get_if<DeviceGone>(&event)) return "gone " + e->ref.name;
    if (const auto* e = std::get_if<DeviceReconnected>(&event))
      return "reconnected " + e->ref.name + (e->rediscover ? " rediscover" : "");
    if (const auto* e = std::get_if<AenReceived>(&event)) {
      return "aen " + e->ref.name + " " + std::to_string(e->value == kAenDiscoveryLogChanged);
    }
    if (const auto* e = std::get_if<DevicesScanned>(&event)) {
      std::string text = e->events_lost ? "scanned after a loss" : "scanned";
      for (const auto& device : e->devices) text += " " + device.ref.name;
      return text;
    }
    return "?";
  }
  void uevent(const char* action, const char* name, const char* aen = "", const char* event = "") {
    const auto made = make_uevent(action, name, aen, event);
    ASSERT_TRUE(made);
    devices_.handle(*made);
  }

  // The connect of nvme0 ends.
  void settles(const test::Attributes& attributes) {
    for (const auto& [key, value] : attributes) root_.set("nvme0", key, value);
  }

  FakeRoot root_;
  Loop loop_;
  std::vector<Event> events_;
  Devices devices_{loop_, root_.paths(), {}, [this](Event event) { events_.push_back(std::move(event)); }};
};

TEST_F(DeviceWatch, LostEventsLeadToAScanThatSaysSoOnce) {
  root_.add("nvme1", test::io_controller());
  const auto all = root_.path("sys/class"), away = root_.path("sys/away");
  std::filesystem::rename(all, away);
  devices_.handle_lost();
  EXPECT_EQ(seen(), "") << "sysfs cannot be read";
  std::filesystem::rename(away, all);
  ASSERT_TRUE(devices_.scan());
  EXPECT_EQ(seen(), "scanned after a loss nvme1; ") << "the news waits for the next scan that works";
  ASSERT_TRUE(devices_.scan());
  EXPECT_EQ(seen(), "scanned nvme1; ");
}

TEST_F(DeviceWatch, AScanLeavesPcieOut) {
  root_.add("nvme0", {{"transport", "pcie"}, {"state", "live"}});
  root_.add("nvme1", test::io_controller());
  ASSERT_TRUE(devices_.scan());
  EXPECT_EQ(seen(), "scanned nvme1; ");
  uevent("change", "nvme0");
  uevent("remove", "nvme0");
  EXPECT_EQ(seen(), "");
}

TEST_F(DeviceWatch, AnUnreadableSysfsIsNoInformation) {
  std::filesystem::remove_all(root_.path("sys"));
  EXPECT_FALSE(devices_.scan());
  EXPECT_EQ(seen(), "");
}

TEST_F(DeviceWatch, AttributesThatComeLateAreReadAgain) {
  root_.add("nvme0", test::connecting_controller());
  uevent("add", "nvme0");
  EXPECT_EQ(seen(), "");
  ASSERT_TRUE(run_until(loop_, [&] { return !events_.empty(); }));
  EXPECT_EQ(seen(), "seen nvme0 connecting; ");
  settles(test::discovery_controller());
  ASSERT_TRUE(run_until(loop_, [&] { return !events_.empty(); }));
  EXPECT_EQ(std::get<DeviceSeen>(events_.back()).device.subsysnqn, "nqn.2014-08.org.nvmexpress.discovery");
  EXPECT_EQ(seen(), "seen nvme0 live; ");
}

TEST_F(DeviceWatch, AConnectionThatIsLostWithoutAnEventShowsInItsState) {
  root_.add("nvme0", test::io_controller());
  root_.add("nvme1", test::io_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  devices_.look_at_states();
  EXPECT_EQ(seen(), "");
  root_.set("nvme1", "state", "connecting");
  devices_.look_at_states();
  EXPECT_EQ(seen(), "seen nvme1 connecting; ");
  devices_.look_at_states();
  EXPECT_EQ(seen(), "") << "once";
  root_.remove("nvme1");
  devices_.look_at_states();
  EXPECT_EQ(seen(), "") << "what cannot be read is no news";
}

TEST_F(DeviceWatch, RemovalIsReportedOnce) {
  root_.add("nvme0", test::io_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  root_.remove("nvme0");
  uevent("remove", "nvme0");
  uevent("remove", "nvme0");
  EXPECT_EQ(seen(), "gone nvme0; ");
}

TEST_F(DeviceWatch, ADirectoryThatGoesAfterItsEventIsWaitedFor) {
  root_.add("nvme0", test::io_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  uevent("remove", "nvme0");
  EXPECT_EQ(seen(), "");
  root_.remove("nvme0");
  ASSERT_TRUE(run_until(loop_, [&] { return !events_.empty(); }));
  EXPECT_EQ(seen(), "gone nvme0; ");
}

TEST_F(DeviceWatch, AnOldRemoveDoesNotHitTheNewBearerOfTheName) {
  root_.add("nvme0", test::io_controller());
  ASSERT_TRUE(devices_.scan());
  const DeviceRef old = std::get<DevicesScanned>(events_.at(0)).devices.at(0).ref;
  seen();
  root_.add("nvme0", test::discovery_controller());
  uevent("remove", "nvme0");
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(std::get<DeviceGone>(events_[0]).ref, old);
  EXPECT_NE(std::get<DeviceSeen>(events_[1]).device.ref, old);
  seen();
  uevent("remove", "nvme0");
  uevent("add", "nvme0");
  EXPECT_EQ(seen(), "");
}

TEST_F(DeviceWatch, AenAndReconnectNameTheDevice) {
  root_.add("nvme0", test::discovery_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  uevent("change", "nvme0", "0x70f002");
  uevent("change", "nvme0", "", "rediscover");
  uevent("change", "nvme0", "", "connected");
  EXPECT_EQ(seen(), "aen nvme0 1; reconnected nvme0 rediscover; reconnected nvme0; ");
}

TEST_F(DeviceWatch, TheFirstConnectIsNoReconnect) {
  root_.add("nvme0", test::connecting_controller());
  uevent("add", "nvme0");
  root_.set("nvme0", "state", "live");
  uevent("change", "nvme0", "", "connected");
  EXPECT_EQ(seen(), "seen nvme0 live; ");
  uevent("change", "nvme0", "", "connected");
  EXPECT_EQ(seen(), "reconnected nvme0; ");
}

TEST_F(DeviceWatch, WhatWasReadAfterTheConnectIsNotReadAgain) {
  root_.add("nvme0", test::connecting_controller());
  uevent("add", "nvme0");
  settles(test::io_controller());
  uevent("change", "nvme0", "", "connected");
  root_.set("nvme0", "model", "another");
  EXPECT_NE(devices_.current("nvme0")->model, "another");
  EXPECT_EQ(devices_.refresh("nvme0")->model, "another");
  root_.add("nvme0", test::discovery_controller());
  EXPECT_EQ(devices_.current("nvme0")->cntrltype, "discovery") << "another bearer of the name";
  root_.set("nvme0", "state", "connecting");
  devices_.refresh("nvme0");
  root_.set("nvme0", "state", "live");
  EXPECT_EQ(devices_.current("nvme0")->state, "live");
}

TEST_F(DeviceWatch, ANewBearerOfANameIsNoticedAtItsAdd) {
  root_.add("nvme0", test::io_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  root_.add("nvme0", test::connecting_controller());
  uevent("add", "nvme0");
  EXPECT_EQ(seen(), "gone nvme0; seen nvme0 connecting; ");
}

TEST_F(DeviceWatch, AnAenSaysNothingAboutTheControllerItself) {
  root_.add("nvme0", test::discovery_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  root_.set("nvme0", "model", "another");
  uevent("change", "nvme0", "0x70f002");
  EXPECT_EQ(seen(), "aen nvme0 1; ");
  root_.add("nvme0", test::discovery_controller());
  uevent("change", "nvme0", "0x70f002");
  EXPECT_EQ(seen(), "gone nvme0; seen nvme0 live; aen nvme0 1; ") << "another bearer of the name";
}

TEST_F(DeviceWatch, AReconnectIsNotTakenForAFirstConnect) {
  root_.add("nvme0", test::discovery_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  uevent("add", "nvme0");  // udevadm trigger
  uevent("change", "nvme0", "", "connected");
  EXPECT_EQ(seen(), "reconnected nvme0; ");
  // Its "connected" was lost, and a scan has found it.
  root_.remove("nvme0");
  uevent("remove", "nvme0");
  root_.add("nvme0", test::connecting_controller());
  uevent("add", "nvme0");
  settles(test::discovery_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  uevent("change", "nvme0", "", "connected");
  EXPECT_EQ(seen(), "reconnected nvme0; ");
  // "rediscover" alone says it.
  root_.remove("nvme0");
  uevent("remove", "nvme0");
  root_.add("nvme0", test::connecting_controller());
  uevent("add", "nvme0");
  settles(test::discovery_controller());
  seen();
  uevent("change", "nvme0", "", "rediscover");
  EXPECT_EQ(seen(), "seen nvme0 live; reconnected nvme0 rediscover; ");
}

TEST_F(DeviceWatch, AnAenOfOneThatWasLostShowsThatItIsBack) {
  root_.add("nvme0", test::discovery_controller());
  root_.set("nvme0", "state", "connecting");
  ASSERT_TRUE(devices_.scan());
  seen();
  root_.set("nvme0", "state", "live");
  uevent("change", "nvme0", "0x70f002");
  EXPECT_EQ(seen(), "seen nvme0 live; aen nvme0 1; ");
}

TEST_F(DeviceWatch, AFailedConnectLeavesNothingBehind) {
  root_.add("nvme0", test::connecting_controller());
  uevent("add", "nvme0");
  root_.remove("nvme0");
  uevent("remove", "nvme0");
  uevent("change", "nvme0", "0x70f002");
  EXPECT_EQ(seen(), "");
}

TEST_F(DeviceWatch, AHundredControllersAreScanned) {
  for (int i = 0; i < 100; ++i) root_.add("nvme" + std::to_string(i), test::io_controller());
  const auto begin = loop_.now();
  ASSERT_TRUE(devices_.scan());
  RecordProperty("microseconds", static_cast<int>((loop_.now() - begin).count()));
  EXPECT_EQ(std::get<DevicesScanned>(events_.at(0)).devices.size(), 100U);
}

// A literal with the NULs inside it.
template <std::size_t n>
std::string whole(const char (&text)[n]) {
  return {text, n - 1};
}

TEST(Uevents, KernelDatagramsAreTakenApart) {
  const std::string text = whole(
      "change@/devices/virtual/nvme-fabrics/ctl/nvme7\0ACTION=change\0"
      "DEVPATH=/devices/virtual/nvme-fabrics/ctl/nvme7\0SUBSYSTEM=nvme\0NVME_TRTYPE=tcp\0NVME_AEN=0x70f002\0");
  const auto event = parse_uevent(text);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->name, "nvme7");
  EXPECT_EQ(event->action, Uevent::Action::change);
  EXPECT_EQ(event->aen, kAenDiscoveryLogChanged);
  EXPECT_FALSE(event->reconnected);
}

TEST(Uevents, OtherOrBrokenOnesAreIgnored) {
  const std::vector<std::string> datagrams = {
      "",
      "libudev",
      whole("add@/x\0SUBSYSTEM=block\0DEVPATH=/devices/nvme0\0ACTION=add\0"),
      whole("add@/x\0SUBSYSTEM=nvme\0DEVPATH=/devices/nvme0n1\0ACTION=add\0"),
      whole("add@/x\0SUBSYSTEM=nvme\0ACTION=add\0"),
      "add@/x SUBSYSTEM=nvme",
      std::string(kMaxUevent + 1, '@'),
  };
  for (const auto& datagram : datagrams) EXPECT_FALSE(parse_uevent(datagram)) << datagram;
}

TEST(Uevents, OddAenValuesAreNoAen) {
  for (const char* text : {"", "70f002", "0x", "0x70f00g", "0x170f0021234", "none"}) {
    EXPECT_FALSE(make_uevent("change", "nvme0", text, "")->aen) << text;
  }
  EXPECT_EQ(make_uevent("change", "nvme0", "0x70f002", "")->aen, 0x70f002U);
}

TEST(Uevents, NamesOutsideTheNamingSchemeAreRefused) {
  for (const char* name : {"", "nvme", "nvme0n1", "nvme-subsys0", "../nvme0", "nvme0/..", "nvme99999999999999"}) {
    EXPECT_FALSE(make_uevent("add", name, "", "")) << name;
  }
}

// --- no descriptors left: what cannot be looked at now is looked at when it can ---

TEST_F(DeviceWatch, AnAenThatComesWithoutDescriptorsIsMadeUpFor) {
  root_.add("nvme0", test::discovery_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  {
    const NoDescriptors none;
    uevent("change", "nvme0", "0x70f002");
    EXPECT_EQ(seen(), "");
  }
  ASSERT_TRUE(run_until(loop_, [&] { return !events_.empty(); }));
  EXPECT_EQ(seen(), "scanned after a loss nvme0; ");
}

TEST_F(DeviceWatch, AReconnectThatComesWithoutDescriptorsIsMadeUpFor) {
  root_.add("nvme0", test::discovery_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  {
    const NoDescriptors none;
    uevent("change", "nvme0", "", "rediscover");
  }
  ASSERT_TRUE(run_until(loop_, [&] { return !events_.empty(); }));
  EXPECT_EQ(seen(), "scanned after a loss nvme0; ");
}

TEST_F(DeviceWatch, ARemovalThatComesWithoutDescriptorsIsMadeUpFor) {
  root_.add("nvme0", test::io_controller());
  ASSERT_TRUE(devices_.scan());
  seen();
  root_.remove("nvme0");
  {
    const NoDescriptors none;
    uevent("remove", "nvme0");
  }
  ASSERT_TRUE(run_until(loop_, [&] { return !events_.empty(); }));
  EXPECT_EQ(seen(), "scanned after a loss; ");
}

TEST_F(DeviceWatch, ANewControllerIsSeenAfterAShortageThatOutlastsTheLooksAtIt) {
  {
    const NoDescriptors none;
    uevent("add", "nvme0");
    uevent("change", "nvme0", "", "connected");
    EXPECT_FALSE(devices_.scan());
    EXPECT_FALSE(run_until(
        loop_, [&] { return !events_.empty(); }, 2 * Devices::kSettleRecheck));
  }
  root_.add("nvme0", test::discovery_controller());
  ASSERT_TRUE(
      run_until(loop_, [&] { return !events_.empty() && std::holds_alternative<DevicesScanned>(events_.back()); }));
  EXPECT_THAT(seen(), ::testing::EndsWith("scanned after a loss nvme0; "));
}

}  // namespace
}  // namespace stas
