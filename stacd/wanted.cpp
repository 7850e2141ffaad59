// SPDX-License-Identifier: Apache-2.0
//
// Connector: from the sources (controller= lines, discovery log pages) to the controllers that are wanted, and the
// evidence that one is not wanted any more.
#include <algorithm>
#include <utility>

#include "libstas/core/brain/configured.h"
#include "libstas/core/brain/view.h"
#include "libstas/core/config/filter.h"
#include "libstas/core/discovery/entry_tid.h"
#include "stacd/connector.h"

namespace stas {

// --- wanted ----------------------------------------------------------------------------------------------------------

bool Connector::may_use(const Tid& tid) {
  const auto usable = usability(*config_, tid);
  if (usable == Usability::invalid_address || usable == Usability::invalid_nqn)
    report_plain(Level::warning, tid.to_string() + " " + std::string(to_text(usable)));
  return usable == Usability::usable;
}

// The candidate of this Tid, made if need be.
Connector::Candidate& Connector::add(Candidates& all, const Tid& tid) {
  const auto [it, fresh] = all.by_tid.try_emplace(tid);
  if (fresh) all.in_order.push_back(&*it);
  return it->second;
}

void Connector::add_configured(Candidates& all) {
  for (const auto& line : config_->controllers) {
    auto target = target_of(line, *config_, *host_, names_);
    if (target.excluded != nullptr || !target.resolved) continue;
    const Tid tid(std::move(target.fields));
    if (!may_use(tid)) continue;
    Candidate& candidate = add(all, tid);
    candidate.configured = true;
    candidate.line = &line;
  }
}

void Connector::make(Listing& listing, const StafDc& dc) {
  listing.made = true;
  for (std::size_t i = 0; i < dc.entries.size(); ++i) {
    if (dc.entries[i].subtype != kDlpSubtypeNvme) continue;
    auto tid = tid_of_entry(dc.entries[i], dc.tid, config_->ignore_iface);
    if (tid && may_use(*tid)) listing.usable.emplace_back(std::move(*tid), i);
  }
}

void Connector::add_listed(Candidates& all) {
  for (std::size_t i = 0; i < staf_.size(); ++i) {
    const StafDc& dc = staf_[i];
    if (!listings_[i].made) make(listings_[i], dc);
    for (const auto& [tid, entry] : listings_[i].usable) {
      Candidate& candidate = add(all, tid);
      if (candidate.sources.empty() || candidate.sources.back() != &dc) candidate.sources.push_back(&dc);
      candidate.dlpe = &dc.entries[entry];
    }
  }
}

void Connector::want(Ioc& ioc) {
  ioc.wanted = true;
  ioc.unwanted_since = kNever;
  ioc.unwanted_reason = Reason::none;
}

void Connector::update(Ioc& ioc, const Candidate& candidate, Instant now) {
  want(ioc);
  ioc.held = false;
  const bool same_sources = ioc.sources.size() == candidate.sources.size() &&
                            std::all_of(candidate.sources.begin(), candidate.sources.end(), [&](const StafDc* dc) {
                              const auto it = ioc.sources.find(dc->tid);
                              return it != ioc.sources.end() && it->second == dc->origin;
                            });
  // What is not connected is not saved.
  if (ioc.device && (ioc.external || ioc.configured != candidate.configured || !same_sources)) save_ = true;
  ioc.external = false;
  ioc.configured = candidate.configured;
  if (!same_sources) {
    ioc.sources.clear();
    for (const StafDc* dc : candidate.sources) ioc.sources[dc->tid] = dc->origin;
  }
  ioc.options = candidate.line != nullptr ? merged(config_->connect, candidate.line->options) : config_->connect;
  ioc.cfg = candidate.line != nullptr ? cfg_dict(*candidate.line) : TextDict();
  if (candidate.dlpe == nullptr) return;  // the previous entry is kept (compatibility contract 6.2)
  const bool cleared = ioc.dlpe && ioc.dlpe->ncc() && !candidate.dlpe->ncc();
  if (ioc.dlpe != *candidate.dlpe) ioc.dlpe = *candidate.dlpe;
  if (cleared && !ioc.connected()) {
    // The subsystem is connected to its central controller again: try at once, and from the start (6.6).
    ioc.attempts = 0;
    ioc.backoff.reset();
    ioc.next_connect = now;
  }
}

// No source names it. Wanted or not?
void Connector::reconsider(Ioc& ioc, Instant now) {
  const auto found = evidence(ioc);
  if (found.verdict == Verdict::gone) {
    if (ioc.wanted || ioc.unwanted_since == kNever) ioc.unwanted_since = now;
    ioc.wanted = false;
    ioc.unwanted_reason = found.reason;
    return;
  }
  if (ioc.external) {
    ioc.wanted = false;
    ioc.unwanted_since = kNever;
  } else {
    want(ioc);
  }
  if (!std::exchange(ioc.held, true)) report(Level::info, ioc, "kept: " + found.because);
}

void Connector::reconcile(Instant now) {
  dirty_ = false;
  audit_ = true;
  Candidates all;
  all.by_tid.reserve(iocs_.size());
  add_configured(all);
  add_listed(all);
  for (auto& ioc : iocs_) {
    const auto it = all.by_tid.find(ioc.tid);
    if (it == all.by_tid.end()) {
      reconsider(ioc, now);
    } else {
      it->second.tracked = true;
      update(ioc, it->second, now);
    }
  }
  for (const auto* item : all.in_order) {
    if (item->second.tracked) continue;
    if (iocs_.size() >= kMaxIocs) {
      report_plain(Level::error, "More than " + std::to_string(kMaxIocs) + " I/O controllers; the rest is ignored");
      break;
    }
    update(track(item->first), item->second, now);
  }
}

// --- evidence --------------------------------------------------------------------------------------------------------

bool Connector::names_unresolved() const {
  return std::any_of(config_->controllers.begin(), config_->controllers.end(), [&](const ControllerLine& line) {
    return is_ip_transport(line.transport) && !IpAddress::parse(line.traddr) && !names_.address(line.traddr);
  });
}

const StafDc* Connector::first_unknown_page() const {
  const auto it = std::find_if(staf_.begin(), staf_.end(), [](const StafDc& dc) { return !dc.page_known; });
  return it == staf_.end() ? nullptr : &*it;
}

// Does this discovery controller, which once listed a controller, say that it is gone?
Connector::Evidence Connector::source_evidence(const Tid& dc, const std::string& origin) const {
  if (!staf_current_) return {Verdict::hold, Reason::none, "stafd has not answered", {}};
  const Instant settled = staf_since_ + timing_.long_soak;
  if (const auto it = staf_by_tid_.find(dc); it != staf_by_tid_.end()) {
    if (it->second->page_known) return {Verdict::gone, Reason::not_listed, {}, {}};
    return {Verdict::hold, Reason::none, "the log page of " + dc.to_string() + " has not been read yet", {}};
  }
  if (listed_before_.contains(dc) || staf_ended_.contains(dc)) return {Verdict::gone, Reason::dc_gone, {}, {}};
  // This instance of stafd never knew it. A configured one would be there from the start, so its line was removed while
  // stafd was down; unless a host name does not resolve. Others may just not have been found yet.
  if (origin != "configured")
    return {Verdict::hold, Reason::none, "stafd has not found " + dc.to_string() + " again yet", {}};
  const bool unresolved = std::any_of(staf_.begin(), staf_.end(), [](const StafDc& listed) {
    return is_ip_transport(listed.tid.transport()) && !listed.tid.ip();
  });
  if (unresolved) return {Verdict::hold, Reason::none, "stafd has a controller whose name does not resolve", {}};
  return {Verdict::gone, Reason::dc_gone, {}, settled};
}

Connector::Evidence Connector::evidence(const Ioc& ioc) const {
  switch (usability(*config_, ioc.tid)) {
    case Usability::usable:
      break;
    case Usability::excluded:
      return {Verdict::gone, Reason::excluded, {}, {}};
    case Usability::family_disabled:
      return {Verdict::gone, Reason::family_disabled, {}, {}};
    case Usability::invalid_address:
    case Usability::invalid_nqn:
      return {Verdict::gone, Reason::unusable, {}, {}};
  }
  if (ioc.external) {
    if (!staf_current_) return {Verdict::hold, Reason::none, "stafd has not answered", {}};
    if (const StafDc* unknown = first_unknown_page(); unknown != nullptr)
      return {
          Verdict::hold, Reason::none, "the log page of " + unknown->tid.to_string() + " has not been read yet", {}};
    if (names_unresolved()) return {Verdict::hold, Reason::none, "a controller= line does not resolve", {}};
    return {Verdict::gone, Reason::not_wanted, {}, staf_since_ + timing_.long_soak};
  }
  if (ioc.configured && names_unresolved())
    return {Verdict::hold, Reason::none, "a controller= line does not resolve", {}};
  if (!ioc.configured && ioc.sources.empty()) return {Verdict::hold, Reason::none, "nobody knows who wanted it", {}};

  // A stafd that is there may list it as well, so its answer is awaited; one that is not gets some time to come.
  if (staf_present_ && !staf_current_) return {Verdict::hold, Reason::none, "stafd has not answered", {}};
  Evidence all{Verdict::gone, Reason::not_configured, {}, {}};
  if (!staf_present_) all.not_before = started_ + timing_.long_soak;
  for (const auto& [dc, origin] : ioc.sources) {
    auto one = source_evidence(dc, origin);
    if (one.verdict == Verdict::hold) return one;
    all.reason = one.reason;
    all.not_before = std::max(all.not_before, one.not_before);
  }
  return all;
}

// disconnect-scope (compatibility contract 6.4; exclude= also acts under no-disconnect, as the manual says).
bool Connector::may_disconnect(const Ioc& ioc, Reason reason) const {
  switch (config_->disconnect_scope) {
    case DisconnectScope::only_stas_connections:
      return !ioc.external;
    case DisconnectScope::all_connections_matching_disconnect_trtypes:
      return config_->disconnect_trtypes.contains(ioc.tid.transport());
    case DisconnectScope::no_disconnect:
      return reason == Reason::excluded && !ioc.external;
  }
  return false;
}

// --- what exists already ---------------------------------------------------------------------------------------------

// After a restart: what we had and what still exists stays ours, with what is known about who wanted it.
void Connector::take_restored(Instant now) {
  for (auto& known : std::exchange(restored_, {})) {
    const Ioc* present = find(known.tid);
    if (present != nullptr && present->connected()) continue;
    for (const Device* device : devices_.matching(known.tid, ControllerKind::io)) {
      if (owner_of(device->ref) != nullptr) continue;
      Ioc& ioc = present != nullptr ? *by_tid_.at(known.tid) : track(known.tid);
      if (present == nullptr) {
        ioc.wanted = true;  // until reconsidered
        ioc.configured = known.configured;
        for (auto& source : known.sources) ioc.sources.emplace(std::move(source.dc), std::move(source.origin));
        ioc.dlpe = std::move(known.dlpe);
      }
      bind(ioc, device->ref, now);
      report(Level::info, ioc, "Connection established! (existing connection adopted)", Reason::last_known);
      break;
    }
  }
  dirty_ = save_ = true;  // what does not exist any more is not ours any more, should it come back
}

// Connections that nobody of us wants, under all-connections-matching-disconnect-trtypes (compatibility contract 6.5).
void Connector::audit(Instant now) {
  audit_ = false;
  const bool on = config_->disconnect_scope == DisconnectScope::all_connections_matching_disconnect_trtypes;
  if (!on) {
    for (auto it = iocs_.begin(); it != iocs_.end();) {
      Ioc& ioc = *it++;
      if (ioc.external && ioc.op == Ioc::Op::none) erase(ioc);
    }
    return;
  }
  std::unordered_map<std::string, std::vector<const Ioc*>> by_nqn;
  for (const auto& item : devices_.all()) {
    const Device& device = item.second;
    if (owner_of(device.ref) != nullptr || !is_settled(device) || !is_kind(device, ControllerKind::io)) continue;
    const auto tid = tid_of(device, devices_.interfaces(), config_->ignore_iface);
    if (!tid || !config_->disconnect_trtypes.contains(tid->transport()) || by_tid_.contains(*tid)) continue;
    if (by_nqn.empty())
      for (const auto& ioc : iocs_) by_nqn[ioc.tid.subsysnqn()].push_back(&ioc);
    // Not by equality: a wanted controller may mean this device with other words (D-06).
    const auto& peers = by_nqn[tid->subsysnqn()];
    if (std::any_of(peers.begin(), peers.end(), [&](const Ioc* ioc) {
          return matches(device, ioc->tid, ControllerKind::io, devices_.interfaces());
        }))
      continue;
    Ioc& ioc = track(*tid);
    ioc.external = true;
    bind(ioc, device.ref, now);
    reconsider(ioc, now);
  }
}

}  // namespace stas
