// SPDX-License-Identifier: Apache-2.0
//
// The simulated kernel and targets: what connects, disconnects and reads come to, and what happens by itself.
#include <algorithm>

#include "libstas/core/discovery/aen.h"
#include "tests/model/world.h"

namespace stas::model {

namespace {

constexpr Duration kReconnectDelay = std::chrono::seconds(10);
constexpr int kReconnects = 60;  // ctrl_loss_tmo 600 s

int target_of(const Tid& tid) { return tid.traddr().back() - '1'; }
int subsystem_of(const Tid& tid) { return tid.subsysnqn().back() - '0'; }

}  // namespace

std::vector<Dlpe> World::entries_of(int target) const {
  std::vector<Dlpe> entries;
  const auto add = [&](const Tid& tid, std::uint8_t subtype) {
    Dlpe entry;
    entry.trtype = kDlpTrtypeTcp;
    entry.adrfam = 1;
    entry.subtype = subtype;
    entry.traddr = tid.traddr();
    entry.trsvcid = tid.trsvcid();
    entry.subnqn = tid.subsysnqn();
    entries.push_back(std::move(entry));
  };
  add(dc_tid(target), kDlpSubtypeDiscovery);
  for (const int k : targets_.at(target).subsystems) add(ioc_tid(target, k), kDlpSubtypeNvme);
  for (const int other : targets_.at(target).referrals) add(dc_tid(other), kDlpSubtypeReferral);
  return entries;
}

World::KernelDevice* World::find(const DeviceRef& ref) {
  const auto it = devices_.find(ref.name);
  return it != devices_.end() && it->second.device.ref.incarnation == ref.incarnation ? &it->second : nullptr;
}

// Names are recycled, lowest first, as the kernel does.
World::KernelDevice& World::create_device(const Tid& tid, ControllerKind kind, bool by_admin) {
  int n = 0;
  while (devices_.contains("nvme" + std::to_string(n))) ++n;
  const std::string name = "nvme" + std::to_string(n);
  Device device;
  device.ref = {name, next_incarnation_++};
  device.transport = "tcp";
  device.traddr = tid.traddr();
  device.trsvcid = tid.trsvcid();
  device.subsysnqn = tid.subsysnqn();
  device.hostnqn = tid.host_nqn();
  device.cntrltype = kind == ControllerKind::io ? "io" : "discovery";
  device.state = "live";
  auto& created = devices_.emplace(name, KernelDevice{device, tid, kind, target_of(tid), true, by_admin}).first->second;
  device_event(DeviceSeen{device});
  return created;
}

void World::remove_device(const std::string& name) {
  const auto it = devices_.find(name);
  if (it == devices_.end()) return;
  const DeviceRef ref = it->second.device.ref;
  devices_.erase(it);
  device_event(DeviceGone{ref});
}

OpResult World::do_connect(const Connect& connect) {
  const int t = target_of(connect.tid);
  const auto& target = targets_.at(t);
  if (!target.up) return Error{ErrorKind::unreachable, 0, "no answer"};
  if (connect.kind == ControllerKind::io) {
    if (!target.subsystems.contains(subsystem_of(connect.tid)))
      return Error{ErrorKind::refused, 0, "unknown subsystem"};
    for (const auto& [name, device] : devices_)
      if (device.tid == connect.tid) return Error{ErrorKind::already_connected, 0, "already connected"};
  }
  return Connected{create_device(connect.tid, connect.kind, false).device};
}

OpResult World::do_disconnect(const Disconnect& disconnect) {
  if (find(disconnect.device) == nullptr) return Error{ErrorKind::not_found, 0, "no such device"};
  remove_device(disconnect.device.name);
  return Disconnected{};
}

OpResult World::do_fetch(const FetchLogPage& fetch) {
  auto* device = find(fetch.device);
  if (device == nullptr) return Error{ErrorKind::not_found, 0, "no such device"};
  auto& target = targets_.at(device->target);
  if (!target.up || device->device.state != "live") return Error{ErrorKind::timed_out, 0, "no answer"};
  if (target.fails_reads) return Error{ErrorKind::rejected, 0, "internal error"};
  device->aen_armed = true;
  if (fetch.known_genctr == target.genctr) return LogPage{target.genctr, true, {}, 0};
  return LogPage{target.genctr, false, entries_of(device->target), 0};
}

// The connections of a target that went down: the kernel notices, tries again, and gives up in the end.
void World::lose_connections(int t) {
  for (auto& [name, device] : devices_) {
    if (device.target != t || device.device.state != "live") continue;
    device.device.state = "connecting";
    device_event(DeviceSeen{device.device});
    at(kReconnectDelay,
       [this, n = name, incarnation = device.device.ref.incarnation] { kernel_retry(n, incarnation, 1); });
  }
}

void World::kernel_retry(const std::string& name, std::uint64_t incarnation, int attempts) {
  auto* device = find({name, incarnation});
  if (device == nullptr) return;
  const auto& target = targets_.at(device->target);
  const bool served =
      device->kind == ControllerKind::discovery || target.subsystems.contains(subsystem_of(device->tid));
  if (target.up && !served) return remove_device(name);  // refused with DNR
  if (target.up) {
    device->device.state = "live";
    device->aen_armed = true;
    device_event(DeviceSeen{device->device});
    return device_event(DeviceReconnected{device->device.ref});
  }
  if (attempts >= kReconnects) return remove_device(name);
  at(kReconnectDelay, [this, name, incarnation, attempts] { kernel_retry(name, incarnation, attempts + 1); });
}

// The content of a target changed: one AEN to each discovery connection that is armed, and connections to subsystems
// that are gone break.
void World::target_changed(int t) {
  auto& target = targets_.at(t);
  ++target.genctr;
  for (auto& [name, device] : devices_) {
    if (device.target != t || device.device.state != "live") continue;
    if (device.kind == ControllerKind::discovery) {
      if (!target.up || !std::exchange(device.aen_armed, false)) continue;
      if (lossy_ && chance(0.3)) continue;
      at(std::chrono::milliseconds(2), [this, ref = device.device.ref] {
        to_finder(AenReceived{ref, kAenDiscoveryLogChanged});
      });
    } else if (!target.subsystems.contains(subsystem_of(device.tid))) {
      device.device.state = "connecting";
      device_event(DeviceSeen{device.device});
      at(kReconnectDelay,
         [this, n = name, incarnation = device.device.ref.incarnation] { kernel_retry(n, incarnation, 1); });
    }
  }
}

}  // namespace stas::model
