// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/sysfs.h"

#include <gtest/gtest.h>

#include "tests/unit/sys/kernel_fake_root.h"

namespace stas {
namespace {

using test::FakeRoot;

TEST(Sysfs, OfAControllerOfTheOtherKindOnlyTheKindIsRead) {
  FakeRoot root;
  root.add("nvme0", test::io_controller());
  root.add("nvme1", test::discovery_controller());
  root.add("nvme2", test::connecting_controller());
  const auto io = read_device(root.paths(), "nvme0", ControllerKind::discovery);
  ASSERT_TRUE(io);
  EXPECT_TRUE(is_settled(*io) && is_kind(*io, ControllerKind::io));
  EXPECT_EQ(io->traddr, "");
  EXPECT_EQ(*read_device(root.paths(), "nvme0", ControllerKind::io), *read_device(root.paths(), "nvme0"));
  EXPECT_EQ(*read_device(root.paths(), "nvme1", ControllerKind::discovery), *read_device(root.paths(), "nvme1"));
  EXPECT_EQ(*read_device(root.paths(), "nvme2", ControllerKind::io), *read_device(root.paths(), "nvme2"))
      << "not known yet";
}

TEST(Sysfs, ReadsAllAttributesOfAController) {
  FakeRoot root;
  root.add("nvme3", test::io_controller());
  const auto device = read_device(root.paths(), "nvme3");
  ASSERT_TRUE(device);
  EXPECT_EQ(device->ref.name, "nvme3");
  EXPECT_NE(device->ref.incarnation, 0U);
  EXPECT_EQ(device->transport, "tcp");
  EXPECT_EQ(device->traddr, "10.0.0.2");
  EXPECT_EQ(device->trsvcid, "8009");
  EXPECT_EQ(device->host_traddr, "10.0.0.1");
  EXPECT_EQ(device->host_iface, "h0");
  EXPECT_EQ(device->src_addr, "10.0.0.1");
  EXPECT_EQ(device->subsysnqn, "nqn.2014-08.org.example:sub");
  EXPECT_EQ(device->hostnqn, "nqn.2014-08.org.example:host");
  EXPECT_EQ(device->cntrltype, "io");
  EXPECT_EQ(device->dctype, "none");
  EXPECT_EQ(device->state, "live");
  EXPECT_EQ(device->model, "Linux");
}

// Before Linux 5.18 there is neither cntrltype nor dctype, before 6.1 no source address.
TEST(Sysfs, WhatAnOldKernelDoesNotTellIsFoundInAnotherWayOrAskedFor) {
  FakeRoot root;
  auto discovery = test::discovery_controller();
  auto io = test::io_controller();
  for (auto* attributes : {&discovery, &io})
    for (const char* unknown : {"cntrltype", "dctype"}) attributes->erase(unknown);
  discovery["address"] = "traddr=10.0.0.2,trsvcid=8009";
  io["address"] = "traddr=10.0.0.2,trsvcid=4420,host_traddr=10.0.0.1,host_iface=h0";
  root.add("nvme0", discovery);
  root.add("nvme1", io);
  root.write("sys/class/nvme/nvme1/nvme1c1n1/size", "1\n");
  const auto dc = read_device(root.paths(), "nvme0");
  const auto ioc = read_device(root.paths(), "nvme1");
  ASSERT_TRUE(dc && ioc);
  EXPECT_TRUE(is_settled(*dc) && is_kind(*dc, ControllerKind::discovery)) << "by its NQN";
  EXPECT_TRUE(is_settled(*ioc) && is_kind(*ioc, ControllerKind::io)) << "by its children";
  EXPECT_TRUE(dc->dctype_untold);
  const Interfaces interfaces{{"h0", {*IpAddress::parse("10.0.0.1")}}};
  const auto asked_for = [](const char* nqn, const char* port, const char* iface) {
    return Tid(TidFields{Transport::tcp, "10.0.0.2", port, nqn, {}, iface, "nqn.2014-08.org.example:host"});
  };
  EXPECT_TRUE(matches(*dc, asked_for("nqn.2014-08.org.nvmexpress.discovery", "8009", ""), ControllerKind::discovery,
                      interfaces));
  EXPECT_TRUE(matches(*ioc, asked_for("nqn.2014-08.org.example:sub", "4420", "h0"), ControllerKind::io, interfaces));
  EXPECT_FALSE(matches(*ioc, asked_for("nqn.2014-08.org.example:sub", "4420", "h1"), ControllerKind::io, interfaces))
      << "the interface that was asked for decides";
}

TEST(Sysfs, PlaceholdersAreEmpty) {
  FakeRoot root;
  auto attributes = test::io_controller();
  attributes["subsysnqn"] = "(efault)";
  attributes["address"] = "traddr=10.0.0.2,trsvcid=none,host_traddr=none,host_iface=none";
  attributes["serial"] = "a\x01\x1b[31mb";
  attributes.erase("hostnqn");
  root.add("nvme0", attributes);
  const auto device = read_device(root.paths(), "nvme0");
  ASSERT_TRUE(device);
  EXPECT_EQ(device->subsysnqn, "");
  EXPECT_EQ(device->trsvcid, "");
  EXPECT_EQ(device->host_traddr, "");
  EXPECT_EQ(device->host_iface, "");
  EXPECT_EQ(device->hostnqn, "");
  EXPECT_EQ(device->serial, "a??[31mb");
}

TEST(Sysfs, AddressesInAnyShape) {
  struct Case {
    const char* text;
    const char* traddr;
    const char* trsvcid;
    const char* src_addr;
  };
  const Case cases[] = {
      {"traddr=10.0.0.2,trsvcid=8009,src_addr=10.0.0.1\n", "10.0.0.2", "8009", "10.0.0.1"},
      {"traddr=fe80::1%eth0,trsvcid=4420", "fe80::1%eth0", "4420", ""},
      {"traddr=nn-0x1:pn-0x2,host_traddr=nn-0x3:pn-0x4", "nn-0x1:pn-0x2", "", ""},
      {"", "", "", ""},
      {",,=,traddr,unknown=1,traddr=1.2.3.4", "1.2.3.4", "", ""},
  };
  for (const auto& c : cases) {
    Device device;
    parse_address_attribute(c.text, device);
    EXPECT_EQ(device.traddr, c.traddr) << c.text;
    EXPECT_EQ(device.trsvcid, c.trsvcid) << c.text;
    EXPECT_EQ(device.src_addr, c.src_addr) << c.text;
  }
}

TEST(Sysfs, ScanFindsControllersInOrderAndNothingElse) {
  FakeRoot root;
  for (const char* name : {"nvme10", "nvme2", "nvme0"}) root.add(name, test::io_controller());
  root.add("nvme0n1", test::io_controller());
  root.add("nvme-subsys0", test::io_controller());
  root.add("nvme", test::io_controller());
  const auto devices = scan_devices(root.paths());
  ASSERT_TRUE(devices);
  std::string names;
  for (const auto& device : *devices) names += device.ref.name + " ";
  EXPECT_EQ(names, "nvme0 nvme2 nvme10 ");
}

TEST(Sysfs, AHostWithoutNvmeHasNoControllersButAMissingSysfsIsAnError) {
  FakeRoot root;
  std::filesystem::remove_all(root.path("sys/class/nvme"));
  const auto none = scan_devices(root.paths());
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
  std::filesystem::remove_all(root.path("sys/class"));
  EXPECT_FALSE(scan_devices(root.paths()));
}

TEST(Sysfs, ChildrenTellWhereTheKernelDoesNotTellTheType) {
  FakeRoot root;
  auto attributes = test::io_controller();
  attributes.erase("cntrltype");
  root.add("nvme0", attributes);
  std::filesystem::create_directory(root.path("sys/class/nvme/nvme0/power"));
  EXPECT_FALSE(read_device(root.paths(), "nvme0")->has_children);
  std::filesystem::create_directory(root.path("sys/class/nvme/nvme0/nvme0n1"));
  EXPECT_TRUE(read_device(root.paths(), "nvme0")->has_children);
}

TEST(Sysfs, DeleteHitsExactlyTheBearerThatWasMeant) {
  FakeRoot root;
  root.add("nvme3", test::io_controller());
  const DeviceRef old = read_device(root.paths(), "nvme3")->ref;
  root.add("nvme3", test::discovery_controller());
  const auto refused = delete_device(root.paths(), old);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::not_found);
  EXPECT_EQ(root.deleted("nvme3"), "");
  const DeviceRef present = read_device(root.paths(), "nvme3")->ref;
  ASSERT_NE(present.incarnation, old.incarnation);
  EXPECT_TRUE(delete_device(root.paths(), present));
  EXPECT_EQ(root.deleted("nvme3"), "1");
}

TEST(Sysfs, DeleteNeverTouchesPcieNorAnUnknownIncarnation) {
  FakeRoot root;
  auto attributes = test::io_controller();
  attributes["transport"] = "pcie";
  root.add("nvme0", attributes);
  root.add("nvme1", test::io_controller());
  EXPECT_FALSE(delete_device(root.paths(), read_device(root.paths(), "nvme0")->ref));
  EXPECT_EQ(root.deleted("nvme0"), "");
  EXPECT_FALSE(delete_device(root.paths(), DeviceRef{"nvme1", 0}));
  EXPECT_EQ(root.deleted("nvme1"), "");
  EXPECT_FALSE(delete_device(root.paths(), DeviceRef{"nvme7", 1}));
  EXPECT_FALSE(delete_device(root.paths(), DeviceRef{"../nvme1", 1}));
}

}  // namespace
}  // namespace stas
