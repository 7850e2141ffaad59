// SPDX-License-Identifier: Apache-2.0
//
// Connector: what is remembered, what others ask it, and who has which device.
#include "stacd/connector.h"

#include <algorithm>
#include <utility>

namespace stas {

namespace {

constexpr std::size_t kMaxTold = 1024;

}  // namespace

void Connector::restore(KnownStacd known) {
  names_.restore(known.resolved);
  restored_ = std::move(known.iocs);
  host_nqns_.insert(known.host_nqns.begin(), known.host_nqns.end());
}

KnownStacd Connector::last_known() const {
  KnownStacd known;
  known.resolved = names_.last_good();
  known.host_nqns.assign(host_nqns_.begin(), host_nqns_.end());
  known.iocs = restored_;                   // not looked at yet: they stay ours
  std::unordered_map<Tid, Known> by_owner;  // what other names of a connection remember
  for (const auto& ioc : controllers())
    if (!ioc.device && ioc.alias_of) inherit(ioc, by_owner.try_emplace(*ioc.alias_of, *ioc.alias_of).first->second);
  for (const auto& ioc : controllers()) {
    if (ioc.foreign || !ioc.device) continue;  // only what exists can be ours after a restart
    Known memory = ioc;
    if (const auto others = by_owner.find(ioc.tid); others != by_owner.end()) inherit(others->second, memory);
    KnownIoc saved{ioc.tid, memory.configured, {}, ioc.entry};
    for (const auto& [dc, origin] : memory.sources) saved.sources.push_back({dc, origin});
    known.iocs.push_back(std::move(saved));
  }
  return known;
}

const Ioc* Connector::find(const Tid& tid) const {
  const auto it = by_tid_.find(tid);
  return it == by_tid_.end() ? nullptr : &iocs_.at(it->second);
}

const DeviceRef* Connector::device_of(const Ioc& ioc) const {
  if (ioc.device) return &*ioc.device;
  const Ioc* owner = ioc.alias_of ? find(*ioc.alias_of) : nullptr;
  return owner != nullptr && owner->device ? &*owner->device : nullptr;
}

Ioc& Connector::track(const Tid& tid) {
  by_tid_.emplace(tid, next_ioc_);
  by_subsystem_[tid.subsysnqn()].insert(next_ioc_);
  return iocs_.emplace_hint(iocs_.end(), next_ioc_++, Ioc(tid, timing_))->second;
}

Ioc* Connector::owner_of(const DeviceRef& ref) {
  const auto it = by_device_.find(ref.name);
  if (it == by_device_.end()) return nullptr;
  Ioc& owner = iocs_.at(it->second);
  return ref.incarnation == 0 || owner.device->incarnation == ref.incarnation ? &owner : nullptr;
}

void Connector::bind(Ioc& ioc, const DeviceRef& ref, Instant now) {
  // Whoever had a device of this name has lost it, whether or not its end was heard of.
  if (const auto before = by_device_.find(ref.name); before != by_device_.end()) lose(iocs_.at(before->second), now);
  by_device_[ref.name] = by_tid_.at(ioc.tid);
  ioc.bind(ref, now);
  ioc.works = is_live(ioc);
  names_.reached(ioc.host_name, ioc.tid.traddr());
  const Device* device = devices_.find(ref);
  ioc.seen.reset();
  if (device != nullptr) note_seen(ioc, *device);
  dirty_ |= desired_.depends_on(ioc.tid) || (device != nullptr && !device->owner.empty());
  save_ = true;
}

void Connector::unbind(Ioc& ioc, Instant now, Duration delay) {
  if (ioc.device) by_device_.erase(ioc.device->name);
  ioc.unbind(now, delay);
  dirty_ |= desired_.depends_on(ioc.tid);
  save_ = true;
}

void Connector::report(Level level, Topic topic, const Ioc& ioc, std::string text, Reason reason) {
  const std::string device = ioc.device ? ioc.device->name : "nvme?";
  out_.push_back(Report{level, ioc.tid, device, ioc.tid.to_string() + " | " + device + " - " + std::move(text), reason,
                        kNever, topic});
}

void Connector::report_plain(Level level, Topic topic, std::string text) {
  out_.push_back(Report{level, std::nullopt, {}, std::move(text), Reason::none, kNever, topic});
}

void Connector::report_once(Level level, Topic topic, std::string text) {
  if (told_.size() >= kMaxTold || !told_.insert(text).second) level = Level::debug;
  report_plain(level, topic, std::move(text));
}

Instant Connector::soak_deadline() const {
  Instant first = kNever;
  for (const auto& ioc : controllers())
    if (ioc.leaving_since != kNever) first = std::min(first, ioc.leaving_since + timing_.soak);
  return first;
}

std::vector<const Ioc*> Connector::kept_back(const std::string& subsysnqn) const {
  std::vector<const Ioc*> kept;
  for (const auto& ioc : controllers())
    if (ioc.tid.subsysnqn() == subsysnqn && !ioc.released && ioc.row < desired_.rows.size() &&
        row_of(ioc).keeper != Keeper::none)
      kept.push_back(&ioc);
  return kept;
}

bool Connector::stopped() const { return stopping_ && by_op_.empty(); }

}  // namespace stas
