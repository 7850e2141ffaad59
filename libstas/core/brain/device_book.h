// SPDX-License-Identifier: Apache-2.0
//
// What exists: the devices and interfaces of this host as last reported by the fabric. Both brains keep one. It answers
// "which device could serve this Tid" without walking all devices.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "libstas/core/brain/event.h"
#include "libstas/core/identity/device.h"

namespace stas {

// What news of a device mean for its connection.
enum class Link : std::uint8_t { unchanged, lost, restored };

class DeviceBook {
 public:
  // Ask before seen(): compares the state of a known device with what comes in.
  Link link_change(const Device& incoming) const;

  // Facts. Each returns the devices that are gone by it: vanished, or their name taken by another incarnation.
  std::vector<DeviceRef> seen(Device device);
  std::vector<DeviceRef> gone(const DeviceRef& ref);
  std::vector<DeviceRef> scanned(std::vector<Device> devices);
  // True: something may be reachable now that was not before.
  bool set_interfaces(Interfaces interfaces);

  // False until the first scan: before that nobody knows what exists, and nothing may be connected.
  bool complete() const { return complete_; }
  const Interfaces& interfaces() const { return interfaces_; }
  // Changes whenever an answer of matching() may have changed: lets callers skip asking again.
  std::uint64_t version() const { return version_; }

  // nullptr when it does not exist (any more). Incarnation 0 means any.
  const Device* find(const DeviceRef& ref) const;
  // Devices that may serve `tid` (identity/device matches()), sorted by name; pointers are valid until the next fact.
  std::vector<const Device*> matching(const Tid& tid, ControllerKind kind) const;
  const std::map<std::string, Device>& all() const { return devices_; }

 private:
  void index(const Device& device);
  void unindex(const Device& device);

  bool complete_ = false;
  std::uint64_t version_ = 1;
  Interfaces interfaces_;
  std::map<std::string, Device> devices_;  // by name
  // Names by transport, address and port: what matches() compares first.
  std::unordered_map<std::string, std::vector<std::string>> by_address_;
};

}  // namespace stas
