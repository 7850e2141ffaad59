// SPDX-License-Identifier: Apache-2.0
//
// Matching existing connections: the tables of the compatibility contract 4.5-4.7 and 9.4, and what went wrong in the
// field (regressions 11-13, 18, 19; D-09, D-16).
#include "libstas/core/identity/device.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

const std::string kWellKnown(kWellKnownDiscoveryNqn);

Interfaces network(const std::vector<std::pair<std::string, std::vector<std::string>>>& texts) {
  Interfaces interfaces;
  for (const auto& [name, addresses] : texts) {
    Interface interface {
      name, {}
    };
    for (const auto& address : addresses) interface.addresses.push_back(*IpAddress::parse(address));
    interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

// The cases of 9.4 run for both families.
struct Family {
  std::string traddr, source, other, foreign;
};
const Family kFamilies[] = {
    {"1.2.3.4", "10.0.0.9", "1.1.1.1", "255.255.255.255"},
    {"FE80::aaaa:BBBB:cccc:dddd", "fe80::9", "AAAA::FFFF", "ffff::1"},
};

Interfaces network_of(const Family& f) {
  return network(
      {{"lo", {"127.0.0.1", "::1"}}, {"eth0", {f.source, "10.7.7.7", "fd00::7"}}, {"eth1", {"10.0.1.9", "fd00::9"}}});
}

Device device_of(const Family& f) {
  Device device;
  device.ref = {"nvme3", 7};
  device.transport = "tcp";
  device.traddr = f.traddr;
  device.trsvcid = "8009";
  device.host_traddr = device.src_addr = f.source;
  device.host_iface = "eth0";
  device.subsysnqn = "hello";
  device.hostnqn = "";
  device.cntrltype = "io";
  device.state = "live";
  return device;
}

TidFields tid_like(const Family& f) { return {Transport::tcp, f.traddr, "8009", "hello", f.source, "eth0", ""}; }

TEST(DeviceMatch, CandidateAgainstACompleteDevice) {
  struct Row {
    const char* name;
    std::function<void(TidFields&, const Family&)> change;
    bool expect;
  };
  const Row rows[] = {
      {"1 same", [](TidFields&, const Family&) {}, true},
      {"2 transport", [](TidFields& t, const Family&) { t.transport = Transport::rdma; }, false},
      {"3 traddr", [](TidFields& t, const Family& f) { t.traddr = f.foreign; }, false},
      {"4 port", [](TidFields& t, const Family&) { t.trsvcid = "8010"; }, false},
      {"5 host-traddr", [](TidFields& t, const Family& f) { t.host_traddr = f.foreign; }, false},
      {"6 host-iface", [](TidFields& t, const Family&) { t.host_iface = "blah"; }, false},
      {"7 NQN", [](TidFields& t, const Family&) { t.subsysnqn = "bob"; }, false},
      {"8 no host-traddr", [](TidFields& t, const Family&) { t.host_traddr.clear(); }, true},
      {"9 no host-iface", [](TidFields& t, const Family&) { t.host_iface.clear(); }, true},
      {"10 neither", [](TidFields& t, const Family&) { t.host_iface.clear(), t.host_traddr.clear(); }, true},
      {"host NQN", [](TidFields& t, const Family&) { t.host_nqn = "nqn.other"; }, false},
      {"a host name is no address", [](TidFields& t, const Family&) { t.traddr = "array.example"; }, false},
  };
  for (const auto& family : kFamilies)
    for (const auto& row : rows)
      for (const bool live : {true, false}) {
        Device device = device_of(family);
        if (!live) device.src_addr.clear(), device.state = "connecting";
        TidFields fields = tid_like(family);
        row.change(fields, family);
        EXPECT_EQ(matches(device, Tid(fields), ControllerKind::io, network_of(family)), row.expect)
            << row.name << (live ? "" : ", without src_addr") << ", " << family.traddr;
      }
}

TEST(DeviceMatch, WithoutSourceAddressTheRequestedOnesDecide) {
  struct Row {
    const char* name;
    bool device_traddr, device_iface;
    std::function<void(TidFields&, const Family&)> candidate;
    bool expect;
  };
  const auto other = [](TidFields& t, const Family& f) { t.host_traddr = f.other; };
  const auto nothing = [](TidFields&, const Family&) {};
  const Row rows[] = {
      {"A.1", false, false, other, true},
      {"A.1 iface", false, false, [](TidFields& t, const Family&) { t.host_iface = "blah"; }, true},
      {"A.2", false, true, nothing, true},
      {"B", true, false, other, false},
      {"C", true, false, [](TidFields& t, const Family&) { t.host_iface = "blah"; }, false},
      {"D", true, false, [](TidFields& t, const Family&) { t.host_iface = "eth0"; }, true},
      {"E", false, true, [](TidFields& t, const Family& f) { t.host_traddr = f.other, t.host_iface = "blah"; }, false},
      {"F", false, true, other, false},
      {"G", false, true, [](TidFields& t, const Family& f) { t.host_traddr = f.source; }, true},
      {"not an address", false, true, [](TidFields& t, const Family&) { t.host_traddr = "blah"; }, false},
  };
  for (const auto& family : kFamilies)
    for (const auto& row : rows) {
      Device device = device_of(family);
      device.src_addr.clear();
      if (!row.device_traddr) device.host_traddr.clear();
      if (!row.device_iface) device.host_iface.clear();
      TidFields fields = tid_like(family);
      fields.host_traddr.clear();
      fields.host_iface.clear();
      row.candidate(fields, family);
      EXPECT_EQ(matches(device, Tid(fields), ControllerKind::io, network_of(family)), row.expect)
          << row.name << ", " << family.traddr;
    }
}

TEST(DeviceMatch, AnUnknownInterfaceOrOneWithoutTheFamilyIsAccepted) {
  Device device = device_of(kFamilies[0]);
  device.src_addr.clear();
  device.host_traddr.clear();
  TidFields fields = tid_like(kFamilies[0]);
  fields.host_iface.clear();
  fields.host_traddr = "10.9.9.9";
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, {}));
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, network({{"eth0", {"fd00::1"}}})));
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::io, network({{"eth0", {"10.9.9.8", "10.9.9.9"}}})));
}

TEST(DeviceMatch, SourceAddressBeatsWhatWasRequested) {
  const Interfaces interfaces = network({{"eth0", {"10.0.0.9"}}, {"eth1", {"10.0.1.9"}}});
  Device device = device_of(kFamilies[0]);
  device.host_traddr = "10.0.1.9";
  device.host_iface.clear();
  TidFields fields = tid_like(kFamilies[0]);
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, interfaces));
  fields.host_traddr = "10.0.1.9";
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::io, interfaces));
  fields.host_traddr = "::ffff:10.0.0.9";
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, interfaces));
  fields.host_iface = "eth1";
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::io, interfaces));
}

TEST(DeviceMatch, AnAddressOnTwoInterfacesBelongsToTheRequestedOne) {
  const Interfaces interfaces = network({{"eth0", {"fe80::9"}}, {"eth1", {"fe80::9"}}});
  Device device = device_of(kFamilies[1]);
  device.host_iface = "eth1";
  TidFields fields = tid_like(kFamilies[1]);
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::io, interfaces));
  fields.host_iface = "eth1";
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, interfaces));
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, {}))
      << "an unknown owner leaves the requested interface";
}

TEST(DeviceMatch, OtherSpellingsAreTheSameConnection) {
  Device device = device_of(kFamilies[0]);
  device.traddr = "::ffff:1.2.3.4";
  device.trsvcid.clear();
  const Tid tid(tid_like(kFamilies[0]));
  EXPECT_TRUE(matches(device, tid, ControllerKind::io, network_of(kFamilies[0])));
  device.trsvcid = "08009";
  EXPECT_TRUE(matches(device, tid, ControllerKind::io, network_of(kFamilies[0])));
  device.trsvcid = "8010";
  EXPECT_FALSE(matches(device, tid, ControllerKind::io, network_of(kFamilies[0])));
}

TEST(DeviceMatch, FibreChannelComparesTextWithoutCase) {
  Device device;
  device.transport = "fc";
  device.traddr = "NN-0x1:PN-0xAB";
  device.host_traddr = "nn-0x2:pn-0xcd";
  device.subsysnqn = "n";
  device.cntrltype = "io";
  TidFields fields{Transport::fc, "nn-0x1:pn-0xab", "", "n", "NN-0x2:PN-0xCD"};
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, {}));
  fields.host_traddr = "nn-0x2:pn-0xce";
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::io, {}));
  fields.host_traddr.clear();
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::io, {}));
}

TEST(DeviceMatch, RdmaComparesTheSourceOnlyIfThereIsOne) {
  Device device = device_of(kFamilies[0]);
  device.transport = "rdma";
  device.trsvcid.clear();
  device.src_addr.clear();
  TidFields fields{Transport::rdma, "1.2.3.4", "4420", "hello", "10.0.0.9", "blah", ""};
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, {}));
  fields.host_traddr = "10.0.0.10";
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::io, {}));
  fields.host_traddr.clear();
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, {}));
}

TEST(DeviceMatch, LoopNeedsNoAddress) {
  Device device;
  device.transport = "loop";
  device.subsysnqn = "n";
  device.cntrltype = "io";
  EXPECT_TRUE(matches(device, Tid({Transport::loop, "", "", "n"}), ControllerKind::io, {}));
  EXPECT_FALSE(matches(device, Tid({Transport::loop, "", "", "m"}), ControllerKind::io, {}));
}

TEST(DeviceMatch, AnotherHostsConnectionIsNotAdopted) {
  Device device = device_of(kFamilies[0]);
  device.hostnqn = "nqn.host:a";
  TidFields fields = tid_like(kFamilies[0]);
  fields.host_nqn = "nqn.host:b";
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::io, network_of(kFamilies[0])));
  fields.host_nqn = "nqn.host:a";
  EXPECT_TRUE(matches(device, Tid(fields), ControllerKind::io, network_of(kFamilies[0])));
}

// TP8013: rows are device NQN and type, candidate NQN.
TEST(DeviceMatch, UniqueAndWellKnownDiscoveryNqnMeanTheSameController) {
  struct Row {
    const char* name;
    std::string device_nqn, cntrltype, candidate_nqn;
    ControllerKind kind;
    bool expect;
  };
  constexpr auto kDc = ControllerKind::discovery, kIo = ControllerKind::io;
  const Row rows[] = {
      {"well-known, both", kWellKnown, "discovery", kWellKnown, kDc, true},
      {"reports a unique one", "nqn.unique", "discovery", kWellKnown, kDc, true},
      {"asked for by the unique one", "nqn.unique", "discovery", "nqn.unique", kDc, true},
      {"another unique one", "nqn.unique", "discovery", "nqn.other", kDc, false},
      {"cannot report it", kWellKnown, "discovery", "nqn.unique", kDc, false},
      {"I/O controller on the same port", "nqn.sub", "io", kWellKnown, kDc, false},
      {"I/O controller of that name", "nqn.sub", "io", "nqn.sub", kDc, false},
      {"DC is no I/O controller", "nqn.unique", "discovery", "nqn.unique", kIo, false},
      {"no wildcard for I/O controllers", "nqn.sub", "io", kWellKnown, kIo, false},
      {"administrative controller", "nqn.adm", "admin", kWellKnown, kDc, false},
  };
  for (const auto& row : rows) {
    Device device = device_of(kFamilies[0]);
    device.subsysnqn = row.device_nqn;
    device.cntrltype = row.cntrltype;
    TidFields fields = tid_like(kFamilies[0]);
    fields.subsysnqn = row.candidate_nqn;
    EXPECT_EQ(matches(device, Tid(fields), row.kind, network_of(kFamilies[0])), row.expect) << row.name;
  }
}

TEST(DeviceMatch, AnUnsettledDeviceIsNotMistakenForADiscoveryController) {
  Device device = device_of(kFamilies[0]);  // an I/O controller whose connect has just begun
  device.subsysnqn.clear();
  device.cntrltype.clear();
  device.state = "connecting";
  TidFields fields = tid_like(kFamilies[0]);
  fields.subsysnqn = kWellKnown;
  EXPECT_FALSE(is_settled(device));
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::discovery, network_of(kFamilies[0])));
  device.subsysnqn = "nqn.sub";
  EXPECT_FALSE(is_settled(device));
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::discovery, network_of(kFamilies[0])));
  fields.subsysnqn.clear();
  device.subsysnqn.clear();
  EXPECT_FALSE(matches(device, Tid(fields), ControllerKind::io, network_of(kFamilies[0])));
}

TEST(DeviceMatch, PcieIsNeverTouched) {
  Device device = device_of(kFamilies[0]);
  for (const std::string transport : {"pcie", "apple-nvme"}) {
    device.transport = transport;
    for (const auto kind : {ControllerKind::discovery, ControllerKind::io}) {
      EXPECT_FALSE(is_kind(device, kind));
      for (const auto t : {Transport::tcp, Transport::rdma, Transport::fc, Transport::loop}) {
        TidFields fields = tid_like(kFamilies[0]);
        fields.transport = t;
        EXPECT_FALSE(matches(device, Tid(fields), kind, {}));
      }
    }
    EXPECT_FALSE(tid_of(device, {}, false));
  }
}

TEST(DeviceKind, NqnThenTypeThenChildren) {
  struct Row {
    const char* name;
    std::string nqn, cntrltype;
    bool children, dc, io;
  };
  const Row rows[] = {
      {"children only", "", "", true, false, true},
      {"nothing", "", "", false, true, false},
      {"well-known NQN", kWellKnown, "", true, true, false},
      {"discovery", "n", "discovery", true, true, false},
      {"io without namespaces", "n", "io", false, false, true},
      {"io", "n", "io", true, false, true},
      {"admin", "n", "admin", false, false, false},
      {"reserved", "n", "reserved", true, false, true},
  };
  for (const auto& row : rows) {
    Device device;
    device.transport = "tcp";
    device.subsysnqn = row.nqn;
    device.cntrltype = row.cntrltype;
    device.has_children = row.children;
    EXPECT_EQ(is_kind(device, ControllerKind::discovery), row.dc) << row.name;
    EXPECT_EQ(is_kind(device, ControllerKind::io), row.io) << row.name;
  }
}

TEST(DeviceSettled, NeedsANameAndAKindOrLife) {
  const auto settled = [](std::string nqn, std::string cntrltype, std::string state) {
    Device device;
    device.subsysnqn = std::move(nqn);
    device.cntrltype = std::move(cntrltype);
    device.state = std::move(state);
    return is_settled(device);
  };
  EXPECT_FALSE(settled("", "io", "live"));
  EXPECT_FALSE(settled("n", "", "connecting"));
  EXPECT_TRUE(settled("n", "io", "connecting"));
  EXPECT_TRUE(settled("n", "", "live"));
}

TEST(DeviceTid, NamesTheInterfaceOfTheSourceAddress) {
  const Interfaces interfaces = network_of(kFamilies[0]);
  Device device = device_of(kFamilies[0]);
  device.host_iface.clear();
  device.trsvcid.clear();
  device.hostnqn = "nqn.h";
  EXPECT_EQ(tid_of(device, interfaces, false)->fields(),
            (TidFields{Transport::tcp, "1.2.3.4", "8009", "hello", "10.0.0.9", "eth0", "nqn.h"}));
  EXPECT_EQ(tid_of(device, interfaces, true)->host_iface(), "");
  EXPECT_EQ(tid_of(device, {}, false)->host_iface(), "");
  device.host_iface = "eth7";
  EXPECT_EQ(tid_of(device, interfaces, false)->host_iface(), "eth7");
  device.host_iface.clear();
  device.transport = "rdma";
  EXPECT_EQ(tid_of(device, interfaces, false)->host_iface(), "");
  device.subsysnqn.clear();
  EXPECT_FALSE(tid_of(device, interfaces, false));
}

TEST(DeviceTid, MatchesItsOwnDevice) {
  for (const auto& family : kFamilies)
    for (const bool live : {true, false}) {
      Device device = device_of(family);
      if (!live) device.src_addr.clear();
      const auto tid = tid_of(device, network_of(family), false);
      EXPECT_TRUE(matches(device, *tid, ControllerKind::io, network_of(family))) << family.traddr;
    }
}

TEST(InterfaceOf, FindsTheFirstOwner) {
  const Interfaces interfaces =
      network({{"eth0", {"10.0.0.9", "fe80::1"}}, {"eth1", {"10.0.0.9", "fe80::1"}}, {"v6only", {"fd00::1"}}});
  EXPECT_EQ(interface_of(interfaces, "10.0.0.9"), "eth0");
  EXPECT_EQ(interface_of(interfaces, "::ffff:10.0.0.9"), "eth0");
  EXPECT_EQ(interface_of(interfaces, "fe80::1%eth1"), "eth1");
  EXPECT_EQ(interface_of(interfaces, "fe80::1%other"), "eth0");
  EXPECT_EQ(interface_of(interfaces, "FD00::1"), "v6only");
  for (const char* text : {"255.255.255.255", "", "none"}) EXPECT_EQ(interface_of(interfaces, text), "") << text;
}

TEST(PathState, OnlyALivePathCarriesAnything) {
  const struct {
    const char* state;
    const char* expect;
  } rows[] = {{"", "live"},
              {"live", "live"},
              {"new", "connecting"},
              {"connecting", "connecting"},
              {"resetting", "resetting"},
              {"deleting", "deleting"},
              {"deleting (no IO)", "deleting"},
              {"dead", "deleting"},
              {"what is to come", "connecting"}};
  for (const auto& row : rows) {
    Device device;
    device.state = row.state;
    EXPECT_EQ(path_state(&device), row.expect) << row.state;
  }
  EXPECT_EQ(path_state(nullptr), "missing");
}

}  // namespace
}  // namespace stas
