// SPDX-License-Identifier: Apache-2.0
//
// desire(): what has lost its source and stays all the same, for lack of evidence or until its replacement is there.
#include <algorithm>
#include <utility>

#include "libstas/core/brain/configured.h"
#include "libstas/core/config/doubt.h"
#include "libstas/core/config/filter.h"
#include "libstas/core/identity/nqn.h"
#include "stafd/desirer.h"

namespace stas {

namespace {

Sources was_configured() {
  Sources sources;
  sources.configured = true;
  return sources;
}

bool is_well_known(const Tid& tid) { return tid.subsysnqn() == kWellKnownDiscoveryNqn; }

}  // namespace

void Desirer::configured_before() {
  for (const Dc& dc : f_.dcs) {
    if (!dc.sources.configured || !may_stay(dc.tid)) continue;
    const auto it = out_.wishes.find(dc.tid);
    if (it != out_.wishes.end() && it->second.sources.configured) continue;
    if (const auto* doubt = doubt_about(f_.config.doubts, dc.tid)) {
      keep(dc, Origin::configured, was_configured(), {doubt->to_string()});
      continue;
    }
    if (line_with_any_iface(dc.tid, f_.config, f_.host, f_.names, std::string(kWellKnownDiscoveryNqn)) != nullptr) {
      keep(dc, Origin::configured, was_configured(), {"whether stafd.conf says ignore-iface=", kNever, false});
      continue;
    }
    if (keep_for_host_name(dc) || keep_for_unresolved(dc)) continue;
    if (!is_wished(dc.tid)) keep_for_replacement(dc);
  }
}

// Another source named it until now, and a line that cannot be read has its address.
bool Desirer::keep_for_doubt(const Dc& dc) {
  const auto* doubt =
      dc.connected() || dc.page_known ? doubt_naming(f_.config.doubts, dc.tid, ControllerKind::discovery) : nullptr;
  if (doubt != nullptr) keep(dc, dc.origin, dc.sources, {doubt->to_string()});
  return doubt != nullptr;
}

// Its line has, or a line has by now, a host name for which another address is tried.
bool Desirer::keep_for_host_name(const Dc& dc) {
  const std::string& name = dc.host_name.empty() ? name_of_address(dc.tid) : dc.host_name;
  if (name.empty()) return false;
  const auto it = host_names_.find(with(dc.tid, &TidFields::traddr, name).to_string());
  if (it == host_names_.end()) return false;
  const Dc* heir = find(it->second);
  if (heir != nullptr && heir->page_fresh) return false;
  if (dc.page_known || dc.connected())
    keep(dc, Origin::configured, was_configured(),
         {"the log page of " + it->second.to_string() + ", another address of " + name, kNever, false});
  else
    out_.superseded.insert(dc.tid);
  return true;
}

// A line was written with its address, and is written with a host name now that has this address as well.
const std::string& Desirer::name_of_address(const Tid& tid) const {
  static const std::string kNone;
  for (const auto& line : f_.config.controllers) {
    const auto& addresses = f_.names.addresses(line.traddr);
    if (std::ranges::find(addresses, tid.traddr()) == addresses.end()) continue;
    if (host_names_.contains(with(tid, &TidFields::traddr, line.traddr).to_string())) return line.traddr;
  }
  return kNone;
}

// A host name that has no address yet may stand for its address.
bool Desirer::keep_for_unresolved(const Dc& dc) {
  for (const Tid& line : out_.unresolved) {
    if ((!dc.system_identity && line.host_nqn() != dc.tid.host_nqn()) || !could_mean(line.fields(), dc.tid)) continue;
    std::string missing = "the address of " + line.traddr();
    const Instant until = (dc.held_for == missing ? dc.held_at : f_.now) + f_.timing.name_hold;
    if (f_.now >= until) return false;
    keep(dc, dc.origin, dc.sources.configured ? was_configured() : dc.sources, {std::move(missing), until});
    return true;
  }
  return false;
}

// Make before break (law 3). False: nothing takes its place, or it did.
bool Desirer::keep_for_replacement(const Dc& dc) {
  if (!dc.connected() && !dc.page_known) return false;
  if (is_wished(dc.tid) || !may_stay(dc.tid)) return false;
  const Instant lost_at = dc.lost_at == kNever ? f_.now : dc.lost_at;
  for (const auto& [tid, wish] : out_.wishes) {
    if (!replaces(tid, wish, dc)) continue;
    // Another name of the same controller has its time also where it comes late.
    const Dc* heir = same_place(tid, dc.tid) ? find(tid) : nullptr;
    const Instant until = std::max(lost_at, heir == nullptr ? lost_at : heir->created) + f_.timing.handover;
    if (f_.now >= until) continue;
    keep(dc, dc.origin, dc.sources,
         {"the log page of " + tid.to_string() + ", which takes its place", until, false, true});
    return true;
  }
  return false;
}

bool Desirer::replaces(const Tid& tid, const Wish& wish, const Dc& old) const {
  if (wish.verdict.standing != DcStanding::wanted || tid == old.tid) return false;
  if (tid.host_nqn() != old.tid.host_nqn() && !(wish.system_identity && old.system_identity)) return false;
  const Dc* heir = find(tid);
  if (heir != nullptr && heir->serves()) return false;
  const bool same_address = same_place(tid, old.tid);
  const bool same_nqn = tid.subsysnqn() == old.tid.subsysnqn();
  if (same_address) return same_nqn || is_well_known(tid) || is_well_known(old.tid);
  if (!same_nqn) return false;
  if (!is_well_known(tid)) return true;
  // The well-known NQN says nothing. What is new since the old one lost its source, or was a moment before, and comes
  // from where that came from, is probably the same service at another address.
  const Instant lost_at = old.lost_at == kNever ? f_.now : old.lost_at;
  if (heir != nullptr && heir->created + f_.timing.handover <= lost_at) return false;
  if (old.origin != wish.origin) return false;
  if (old.origin == Origin::configured) return true;
  return std::any_of(old.sources.parents.begin(), old.sources.parents.end(),
                     [&](const Tid& parent) { return wish.sources.parents.contains(parent); });
}

// Another name of the controller at this place that stays, and has not been read, or not since that one was.
const Dc* Desirer::unread_at(const Tid& gone) const {
  for (const Dc& dc : f_.dcs)
    if (!(dc.page_known && dc.page_read) && is_wished(dc.tid) && same_place(dc.tid, gone)) return &dc;
  return nullptr;
}

// What referred to it goes, or is gone, and the same controller under another name may do so as well. Asked when it is
// known who stays: two that refer to each other are no reason for each other.
void Desirer::orphans_of_the_gone() {
  for (const Dc& dc : f_.dcs) {
    if (dc.origin != Origin::referral || is_wished(dc.tid)) continue;
    for (const Tid& parent : dc.sources.parents) {
      const Dc* heir = is_wished(parent) ? nullptr : unread_at(parent);
      if (heir == nullptr) continue;
      std::string missing = "the log page of " + heir->tid.to_string();
      const Instant end = (dc.held_for == missing ? dc.held_at : f_.now) + f_.timing.name_hold;
      if (f_.now < end) keep(dc, Origin::referral, dc.sources, {std::move(missing), end});
      break;
    }
  }
}

// Referrals whose discovery controllers were not saved with them: not before every page is known can anybody say that
// nobody refers to them.
void Desirer::orphans() {
  const bool waiting = std::any_of(f_.dcs.begin(), f_.dcs.end(), [&](const Dc& dc) {
    return !dc.page_known && is_wished(dc.tid) && dc.origin != Origin::referral;
  });
  const Instant until = started_ + f_.timing.name_hold;
  if (!waiting || f_.now >= until) return;
  for (const Dc& dc : f_.dcs)
    if (dc.origin == Origin::referral && dc.sources.parents.empty() && !is_wished(dc.tid))
      keep(dc, Origin::referral, {}, {"the log pages that are not read yet", until});
}

// The host NQN changed while it was not connected: it goes on under the new one, with its page.
void Desirer::renamed() {
  for (const Dc& dc : f_.dcs) {
    if (!dc.system_identity || dc.tid.host_nqn() == f_.host.nqn || is_wished(dc.tid)) continue;
    Tid now = with(dc.tid, &TidFields::host_nqn, f_.host.nqn);
    if (is_wished(now)) out_.renamed.emplace(dc.tid, std::move(now));
  }
}

}  // namespace stas
