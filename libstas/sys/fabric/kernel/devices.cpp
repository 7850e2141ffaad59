// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/devices.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libstas/sys/os/descriptors.h"

namespace stas {

Devices::Devices(Loop& loop, KernelPaths paths, KindOfInterest interest, Sink sink)
    : loop_(loop),
      paths_(std::move(paths)),
      interest_(interest),
      sink_(std::move(sink)),
      timer_(loop.timer([this] { on_recheck(); })),
      scan_again_(loop.timer([this] { static_cast<void>(scan()); })),
      states_timer_(loop.timer([this] { look_at_states(); })) {}

Result<void> Devices::start() {
  states_timer_.arm_after(kStates);
  return monitor_.start(loop_, {[this](const Uevent& event) { handle(event); }, [this] { handle_lost(); }});
}

void Devices::look_at_states() {
  std::vector<std::string> changed;
  for (const auto& [name, device] : known_) {
    if (device.state.empty()) continue;  // of no interest, or not there yet
    if (const std::string state = read_state(paths_, name); !state.empty() && state != device.state)
      changed.push_back(name);
  }
  for (const auto& name : changed) static_cast<void>(refresh(name));
  states_timer_.arm_after(kStates);
}

void Devices::handle_lost() {
  events_lost_ = true;
  added_.clear();
  static_cast<void>(scan());
}

// Not from inside here: whoever asks is busy with what is known.
template <class T>
void Devices::note_shortage(const Result<T>& outcome) {
  if (!is_shortage(outcome) || std::exchange(events_lost_, true)) return;
  added_.clear();
  scan_again_.arm_after(scan_backoff_.fail());
}

Result<void> Devices::scan() {
  auto devices = scan_devices(paths_, interest_);
  if (!devices) {
    scan_again_.arm_after(scan_backoff_.fail());
    return tl::unexpected(devices.error());
  }
  scan_backoff_.reset();
  scan_again_.disarm();
  std::erase_if(*devices, [](const Device& device) { return device.transport == "pcie"; });
  known_.clear();
  for (auto& device : *devices) {
    device.owner = look_up_owner(device.ref);
    known_[device.ref.name] = device;
    // Its "connected" may be lost. If it still comes, it is taken for a reconnect, which costs one more read.
    if (device.state == "live") added_.erase(device.ref.name);
    if (!is_settled(device)) check_again(device.ref.name, false);
  }
  sink_(DevicesScanned{std::move(*devices), std::exchange(events_lost_, false)});
  return {};
}

Result<Device> Devices::refresh(const std::string& name) {
  auto read = read_device(paths_, name, interest_);
  if (!read) {
    if (read.error().kind == ErrorKind::not_found) forget(name);
    note_shortage(read);
    return read;
  }
  if (read->transport == "pcie") return fail(ErrorKind::not_supported, name + ": a PCIe controller");
  const auto found = known_.find(name);
  if (found != known_.end() && found->second.ref != read->ref) forget(name);
  read->owner = look_up_owner(read->ref);
  Device& known = known_[name];
  const bool changed = known != *read;
  known = *read;
  const auto recheck = rechecks_.find(name);
  if (!is_settled(*read))
    check_again(name, false);
  else if (recheck != rechecks_.end() && !recheck->second.leaving)
    rechecks_.erase(recheck);
  if (changed) sink_(DeviceSeen{*read});
  return read;
}

std::string Devices::look_up_owner(const DeviceRef& device) {
  std::string trouble;
  std::string owner = owners_.owner_of(device, trouble);
  if (!trouble.empty()) sink_(Trouble{std::move(trouble)});
  return owner;
}

std::string Devices::owner_now(const DeviceRef& device) {
  std::string unclear;  // the next scan says it
  return owners_.owner_of(device, unclear);
}

const Device* Devices::known(const std::string& name) {
  const auto found = known_.find(name);
  if (found == known_.end()) return nullptr;
  const auto same = check_incarnation(paths_, found->second.ref);
  note_shortage(same);
  return same ? &found->second : nullptr;
}

Result<Device> Devices::current(const std::string& name) {
  const Device* device = known(name);
  if (device != nullptr && is_settled(*device) && !device->cntrltype.empty() && device->state == "live" &&
      device->owner.empty())
    return *device;
  return refresh(name);
}

void Devices::handle(const Uevent& event) {
  if (event.action == Uevent::Action::add) return handle_add(event.name);
  if (event.action == Uevent::Action::remove) return handle_remove(event.name);
  if (event.action == Uevent::Action::other) return;
  if (event.aen && !event.reconnected) {
    // This is about what the controller offers. The controller itself is only looked at if it was not live before.
    const Device* device = known(event.name);
    if (device != nullptr && (device->state == "live" || device->state.empty()))
      return sink_(AenReceived{device->ref, *event.aen});
  }
  const bool first_connect = event.reconnected && added_.erase(event.name) > 0;
  const auto device = refresh(event.name);
  if (!device) return;
  // The kernel says "rediscover" only of one that was live before.
  if (event.rediscover || (event.reconnected && !first_connect))
    sink_(DeviceReconnected{device->ref, event.rediscover});
  if (event.aen) sink_(AenReceived{device->ref, *event.aen});
}

// So early there is nothing useful to read, except that the name may have been another controller's. The event can also
// come again for one that has long been connected: udev can be told to repeat it.
void Devices::handle_add(const std::string& name) {
  const Device* present = known(name);
  if (present != nullptr && is_settled(*present)) return;
  rechecks_.erase(name);
  added_.insert(name);
  if (known_.contains(name))
    static_cast<void>(refresh(name));
  else
    check_again(name, false);
}

void Devices::handle_remove(const std::string& name) {
  added_.erase(name);
  const auto found = known_.find(name);
  if (found == known_.end()) {
    rechecks_.erase(name);
    return;
  }
  // Still there: either the directory goes a moment after the event, or the name was reused and the event is old
  // (regressions 28). Only the absence of this incarnation counts.
  if (known(name) != nullptr) {
    check_again(name, true);
  } else {
    static_cast<void>(refresh(name));
  }
}

void Devices::forget(const std::string& name) {
  const auto found = known_.find(name);
  if (found == known_.end()) return;
  const DeviceRef ref = found->second.ref;
  known_.erase(found);
  rechecks_.erase(name);
  sink_(DeviceGone{ref});
}

// If a look is planned already, the earlier one counts.
void Devices::check_again(const std::string& name, bool leaving) {
  const auto [recheck, planned_now] = rechecks_.try_emplace(name, Recheck{kNever, 0, leaving});
  recheck->second.leaving |= leaving;
  const Instant at = loop_.now() + (leaving ? kLeaveRecheck : kSettleRecheck);
  if (!planned_now && recheck->second.at <= at) return;
  recheck->second.at = at;
  arm();
}

void Devices::on_recheck() {
  const Instant now = loop_.now();
  std::vector<std::string> due;
  for (const auto& [name, recheck] : rechecks_) {
    if (recheck.at <= now) due.push_back(name);
  }
  for (const auto& name : due) {
    const auto device = refresh(name);
    const auto found = rechecks_.find(name);
    if (found == rechecks_.end()) continue;  // it has settled, or is gone
    Recheck& recheck = found->second;
    const bool stays = recheck.leaving && recheck.tries > 2 && device && !device->state.starts_with("deleting");
    const bool gone = !device && !is_shortage(device);
    if (gone || stays || ++recheck.tries >= kMaxRechecks) {
      rechecks_.erase(found);
    } else {
      recheck.at = now + (recheck.leaving ? kLeaveRecheck : kSettleRecheck) * (1 << recheck.tries);
    }
  }
  arm();
}

void Devices::arm() {
  Instant next = kNever;
  for (const auto& [name, recheck] : rechecks_) next = std::min(next, recheck.at);
  timer_.arm(next);
}

}  // namespace stas
