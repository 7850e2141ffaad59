// SPDX-License-Identifier: Apache-2.0
//
// Finder: what is remembered, and what others ask it.
#include "stafd/finder.h"

#include <algorithm>
#include <utility>

namespace stas {

namespace {

// A source of the saved state. "" was written by nobody who knew better than mDNS.
Origin parse_origin(const std::string& text) {
  if (text.empty()) return Origin::discovered;
  for (const auto origin : {Origin::configured, Origin::referral, Origin::discovered})
    if (text == to_text(origin)) return origin;
  return Origin::other;
}

}  // namespace

void Finder::restore(const KnownStafd& known) {
  restored_ = true;
  names_.restore(known.resolved);
  for (const auto& tid : known.ended) note_ended(tid);
  for (const auto& saved : known.dcs) {
    if (dcs_.size() >= kMaxDcs || find(saved.tid) != nullptr) continue;
    Dc dc(saved.tid, timing_, Instant{});
    dc.origin = parse_origin(saved.origin);
    dc.sources.configured = dc.origin == Origin::configured;
    dc.sources.parents.insert(saved.parents.begin(), saved.parents.end());
    if (dc.origin == Origin::other) dc.sources.other = saved.origin;
    if (dc.origin == Origin::discovered) dc.announced.state = Announcement::State::silent;
    dc.host_name = saved.host_name;
    dc.system_identity = saved.system_identity;
    dc.page_known = saved.page_known;
    dc.genctr = saved.genctr.value_or(0);
    dc.entries = saved.entries;
    if (!saved.device.empty()) had_devices_.emplace(saved.tid, saved.device);
    dcs_.add(std::move(dc));
  }
}

KnownStafd Finder::last_known() const {
  KnownStafd known;
  known.resolved = names_.last_good();
  known.ended = ended_;
  for (const Dc& dc : dcs_) {
    KnownDc saved{dc.tid, dc.origin_text(), dc.page_known, {}, dc.entries, {}, dc.host_name, dc.system_identity};
    // An announced one that is referred to as well is remembered by what does not depend on others.
    if (dc.announced && dc.origin == Origin::referral) saved.origin = to_text(Origin::discovered);
    if (dc.page_known) saved.genctr = dc.genctr;
    // Before the first scan it is what was saved before.
    const auto had = had_devices_.find(dc.tid);
    if (dc.device)
      saved.device = dc.device->name;
    else if (had != had_devices_.end())
      saved.device = had->second;
    saved.parents.assign(dc.sources.parents.begin(), dc.sources.parents.end());
    known.dcs.push_back(std::move(saved));
  }
  return known;
}

bool Finder::is_settled() const {
  settled_asked_early_ = settled_asked_early_ || dirty_;
  return restored_ && config_ && config_->doubts.empty() && !dirty_ && !full_ && !names_awaited_ && devices_.complete();
}

bool Finder::is_being_read(const Dc& dc) const {
  const Connection* connection = connection_of(dc);
  return connection != nullptr && connection->reads_anew();
}

Connection* Finder::connection_of(const DeviceRef& ref) {
  const auto it = connections_.find(ref.name);
  if (it == connections_.end()) return nullptr;
  const bool same = ref.incarnation == 0 || it->second.device.incarnation == ref.incarnation;
  return same ? &it->second : nullptr;
}

const Connection* Finder::connection_of(const Dc& dc) const {
  const auto it = dc.device ? connections_.find(dc.device->name) : connections_.end();
  return it != connections_.end() && it->second.device == *dc.device ? &it->second : nullptr;
}

std::string_view Finder::state_of(const Dc& dc) const {
  return dc.parked ? "parked" : path_state(dc.device ? devices_.find(*dc.device) : nullptr);
}

void Finder::report(Level level, Topic topic, const Dc& dc, std::string text, Reason reason) {
  const std::string device = dc.device ? dc.device->name : "nvme?";
  out_.push_back(Report{level, dc.tid, device, dc.tid.to_string() + " | " + device + " - " + std::move(text), reason,
                        kNever, topic});
}

void Finder::report(Level level, Topic topic, const Connection& connection, std::string text, Reason reason) {
  report(level, topic, *dcs_.find(*connection.names.begin()), std::move(text), reason);
}

Instant Finder::soak_deadline() const {
  Instant first = kNever;
  for (const Dc& dc : dcs_)
    if (!dc.verdict.stays()) first = std::min(first, dc.verdict.not_before);
  return first;
}

bool Finder::stopped() const {
  return stopping_ && in_flight_.empty() && (connections_.empty() || !config_ || config_->persistent_connections);
}

}  // namespace stas
