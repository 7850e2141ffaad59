// SPDX-License-Identifier: Apache-2.0
//
// A controller that exists: in the kernel (sysfs) or in our own user-space host. And the question "is this the
// connection that this Tid means?" (compatibility contract 4.5).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/identity/tid.h"

namespace stas {

// A device name together with which of the successive bearers of that name is meant: names are recycled
// (regressions 28). 0 = unknown.
struct DeviceRef {
  std::string name;               // "nvme3"
  std::uint64_t incarnation = 0;  // inode of the sysfs directory, or a counter of the user fabric
  friend auto operator<=>(const DeviceRef&, const DeviceRef&) = default;
};

// Values as sysfs prints them, trimmed; "none" and "(efault)" are empty.
struct Device {
  DeviceRef ref;
  std::string transport;  // "tcp", "rdma", "fc", "loop", "pcie", ...
  std::string traddr;
  std::string trsvcid;
  std::string host_traddr;
  std::string host_iface;
  std::string src_addr;   // tcp, Linux >= 6.1, only while live
  std::string subsysnqn;  // what Identify said, not what was asked for (TP8013)
  std::string hostnqn;
  std::string hostid;
  std::string cntrltype;  // "io", "discovery", "admin", "reserved" or ""
  std::string dctype;     // "none", "ddc", "cdc" or ""
  std::string state;      // "live", "connecting", ...
  std::string model;
  std::string serial;
  bool has_children = false;   // for kernels without cntrltype
  bool dctype_untold = false;  // by a kernel without dctype (before Linux 5.18): the controller itself can be asked
  // Who else it belongs to, as the registry of nvme-cli 3 has it (kOwner is us); "" nobody: such a connection is never
  // cut.
  std::string owner;
  friend bool operator==(const Device&, const Device&) = default;
};

// Our name in the registry, and that of nvme-stas.
inline constexpr std::string_view kOwner = "stas";

// The interfaces of this host with their addresses, in kernel order; a fact like any other.
struct Interface {
  std::string name;
  std::vector<IpAddress> addresses;
  bool up = true;  // and with a carrier
  std::array<std::uint8_t, 6> mac{};
  friend bool operator==(const Interface&, const Interface&) = default;
};
using Interfaces = std::vector<Interface>;

// May something be reached now that could not be before: is there an interface that was not up, or an address on one
// that is?
bool gained(const Interfaces& before, const Interfaces& now);

// First interface that owns an equal address, "" if none.
std::string interface_of(const Interfaces& interfaces, std::string_view address);

enum class ControllerKind : std::uint8_t { discovery, io };

// What a path is good for, in five words: "live", "connecting" (also what is new), "resetting", "deleting" (also what
// is dead), "missing" (nullptr). Only a live one carries anything; kernels that do not tell a state have live ones
// only.
std::string_view path_state(const Device* device);

// Is the device complete enough to be judged (attributes settle late after "add")?
bool is_settled(const Device& device);
// Classification by NQN, cntrltype, children, in this order (4.6).
bool is_kind(const Device& device, ControllerKind kind);

// May `device` serve `tid`? Kind included; PCIe never.
bool matches(const Device& device, const Tid& tid, ControllerKind kind, const Interfaces& interfaces);

// Where a match rests on a guess: the Tid says how it leaves this host, and the device, which is not connected now,
// does not show how it does.
bool is_guess(const Device& device, const Tid& tid);

// The Tid of a device found by audit (4.7). nullopt: not a fabric we handle, or not settled.
std::optional<Tid> tid_of(const Device& device, const Interfaces& interfaces, bool ignore_iface);

}  // namespace stas
