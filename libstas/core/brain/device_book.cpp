// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/device_book.h"

#include <algorithm>
#include <utility>

namespace stas {

namespace {

// The address part of a connection in the canonical form of a Tid; "" for devices that no Tid can mean.
std::string address_key(const std::string& transport, const std::string& traddr, const std::string& trsvcid) {
  const auto parsed = parse_transport(transport);
  if (!parsed || (traddr.empty() && is_ip_transport(*parsed))) return {};
  TidFields fields;
  fields.transport = *parsed;
  fields.traddr = traddr;
  fields.trsvcid = trsvcid;
  const Tid canonical(std::move(fields));
  std::string text = canonical.traddr();
  // A link-local address may or may not carry its scope; matches() looks at that.
  if (const auto percent = text.find('%'); percent != std::string::npos) text.resize(percent);
  return std::string(to_text(*parsed)) + '|' + text + '|' + canonical.trsvcid();
}

}  // namespace

void DeviceBook::index(const Device& device) {
  auto key = address_key(device.transport, device.traddr, device.trsvcid);
  if (!key.empty()) by_address_[std::move(key)].push_back(device.ref.name);
}

void DeviceBook::unindex(const Device& device) {
  const auto it = by_address_.find(address_key(device.transport, device.traddr, device.trsvcid));
  if (it == by_address_.end()) return;
  std::erase(it->second, device.ref.name);
  if (it->second.empty()) by_address_.erase(it);
}

bool DeviceBook::set_interfaces(Interfaces interfaces) {
  if (interfaces == interfaces_) return false;
  const bool better = gained(interfaces_, interfaces);
  interfaces_ = std::move(interfaces);
  ++version_;
  return better;
}

Link DeviceBook::link_change(const Device& incoming) const {
  const Device* known = find(incoming.ref);
  if (known == nullptr || known->state.empty() || known->state == incoming.state) return Link::unchanged;
  if (incoming.state.starts_with("deleting")) return Link::unchanged;  // that is meant
  if (known->state == "live") return Link::lost;
  return incoming.state == "live" ? Link::restored : Link::unchanged;
}

std::vector<DeviceRef> DeviceBook::seen(Device device) {
  std::vector<DeviceRef> gone_refs;
  const auto it = devices_.find(device.ref.name);
  if (it != devices_.end()) {
    if (it->second == device) return {};
    if (it->second.ref.incarnation != device.ref.incarnation) gone_refs.push_back(it->second.ref);
    unindex(it->second);
    devices_.erase(it);
  }
  ++version_;
  index(device);
  auto name = device.ref.name;
  devices_.emplace(std::move(name), std::move(device));
  return gone_refs;
}

std::vector<DeviceRef> DeviceBook::gone(const DeviceRef& ref) {
  const auto it = devices_.find(ref.name);
  if (it == devices_.end()) return {};
  if (ref.incarnation != 0 && it->second.ref.incarnation != ref.incarnation)
    return {};  // a late event of a predecessor
  ++version_;
  const DeviceRef real = it->second.ref;
  unindex(it->second);
  devices_.erase(it);
  return {real};
}

std::vector<DeviceRef> DeviceBook::scanned(std::vector<Device> devices) {
  std::vector<DeviceRef> gone_refs;
  std::map<std::string, Device> fresh;
  for (auto& device : devices) {
    auto name = device.ref.name;
    fresh.insert_or_assign(std::move(name), std::move(device));
  }
  for (const auto& [name, old] : devices_) {
    const auto it = fresh.find(name);
    if (it == fresh.end() || it->second.ref.incarnation != old.ref.incarnation) gone_refs.push_back(old.ref);
  }
  devices_ = std::move(fresh);
  ++version_;
  by_address_.clear();
  for (const auto& [name, device] : devices_) index(device);
  complete_ = true;
  return gone_refs;
}

const Device* DeviceBook::find(const DeviceRef& ref) const {
  const auto it = devices_.find(ref.name);
  if (it == devices_.end()) return nullptr;
  if (ref.incarnation != 0 && it->second.ref.incarnation != ref.incarnation) return nullptr;
  return &it->second;
}

std::vector<const Device*> DeviceBook::matching(const Tid& tid, ControllerKind kind) const {
  std::string traddr = tid.traddr();
  if (const auto percent = traddr.find('%'); percent != std::string::npos) traddr.resize(percent);
  const auto it = by_address_.find(std::string(to_text(tid.transport())) + '|' + traddr + '|' + tid.trsvcid());
  if (it == by_address_.end()) return {};
  std::vector<const Device*> found;
  for (const auto& name : it->second) {
    const auto& device = devices_.at(name);
    if (matches(device, tid, kind, interfaces_)) found.push_back(&device);
  }
  std::sort(found.begin(), found.end(), [](const Device* a, const Device* b) { return a->ref.name < b->ref.name; });
  return found;
}

}  // namespace stas
