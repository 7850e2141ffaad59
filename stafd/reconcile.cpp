// SPDX-License-Identifier: Apache-2.0
//
// Finder: from the sources (configuration, mDNS, referrals) to the controllers that are wanted, and the
// evidence that one is not wanted any more.
#include <algorithm>
#include <utility>

#include "libstas/core/brain/configured.h"
#include "libstas/core/brain/view.h"
#include "libstas/core/config/filter.h"
#include "libstas/core/discovery/entry_tid.h"
#include "libstas/core/identity/nqn.h"
#include "stafd/finder.h"

namespace stas {

namespace {

constexpr std::size_t kMaxTold = 1024;

std::string nqn_or_well_known(const std::string& nqn) {
  return nqn.empty() ? std::string(kWellKnownDiscoveryNqn) : nqn;
}

}  // namespace

void Finder::report_plain(Level level, std::string text) {
  if (told_.size() >= kMaxTold || !told_.insert(text).second) level = Level::debug;
  out_.push_back(Report{level, std::nullopt, {}, std::move(text)});
}

// Records one candidate. The same Tid from several sources keeps the strongest label and the union of its parents.
void Finder::add(Candidates& all, Tid tid, Candidate candidate) {
  const auto usable = usability(*config_, tid);
  if (usable != Usability::usable) {
    const bool surprise = usable != Usability::excluded && usable != Usability::family_disabled;
    if (surprise) report_plain(Level::warning, tid.to_string() + " " + std::string(to_text(usable)));
    return;
  }
  const auto [it, fresh] = all.try_emplace(std::move(tid), candidate);
  if (fresh) return;
  auto& known = it->second;
  if (candidate.origin < known.origin) {
    known.origin = candidate.origin;
    known.options = candidate.options;
    known.line = candidate.line;
  }
  known.parents.merge(candidate.parents);
  known.reported = known.reported || candidate.reported;
  known.depth = std::min(known.depth, candidate.depth);
}

void Finder::add_configured(Candidates& all) {
  unresolved_.clear();
  for (const auto& line : config_->controllers) {
    auto target = target_of(line, *config_, *host_, names_, std::string(kWellKnownDiscoveryNqn));
    if (target.excluded != nullptr) continue;
    if (!target.resolved) {
      unresolved_.emplace_back(std::move(target.fields));
      continue;
    }
    add(all, Tid(std::move(target.fields)),
        Candidate{Origin::configured, merged(config_->connect, line.options), {}, false, 0, &line});
  }
}

void Finder::add_mdns(Candidates& all, Instant now) {
  // What was announced once and is silent now stays for its persistence time, and while it is connected (law 2).
  // Without an mDNS daemon the announcement is neither confirmed nor denied.
  for (const auto& dc : dcs_) {
    if (!dc.announced || (!dc.connected() && now >= lost_deadline(dc))) continue;
    const bool reported = dc.reported && config_->zeroconf && !mdns_.available;
    add(all, dc.tid, Candidate{Origin::discovered, config_->connect, {}, reported, 0, nullptr});
  }
  if (!config_->zeroconf) return;
  for (const auto& service : mdns_.services) {
    if (!service.resolved || !service.transport) continue;
    // The interface goes into the Tid for tcp only (compatibility contract 5.4).
    const bool with_iface = *service.transport == Transport::tcp && !config_->ignore_iface;
    add(all,
        Tid(TidFields{*service.transport,
                      service.traddr,
                      service.trsvcid,
                      nqn_or_well_known(service.nqn),
                      {},
                      with_iface ? service.interface : std::string(),
                      host_->nqn}),
        Candidate{Origin::discovered, config_->connect, {}, true, 0, nullptr});
  }
}

void Finder::add_referrals_of(Candidates& all, const Dc& parent, unsigned depth) {
  // Entries with DUPRETINFO lead to the same information: one that works is enough (regressions 24). The next one is
  // taken when those before it have failed.
  bool duplicate_served = false;
  for (const auto& entry : parent.entries) {
    if (entry.subtype != kDlpSubtypeReferral) continue;
    if (entry.dupretinfo() && duplicate_served) continue;
    const auto tid = tid_of_entry(entry, parent.tid, config_->ignore_iface);
    if (!tid || *tid == parent.tid) continue;
    if (entry.dupretinfo()) {
      const Dc* known = find(*tid);
      duplicate_served = known == nullptr || known->connected() || known->attempts < 2;
    }
    if (depth > kMaxReferralDepth) {
      report_plain(Level::warning, tid->to_string() +
                                       " is ignored: the chain of referrals that leads to it is longer than " +
                                       std::to_string(kMaxReferralDepth));
      continue;
    }
    Candidate candidate{Origin::referral, merged(config_->connect, {}), {parent.tid}, false, depth, nullptr};
    candidate.options.dhchap_secret = parent.options.dhchap_secret;
    candidate.options.dhchap_ctrl_secret = parent.options.dhchap_ctrl_secret;
    add(all, *tid, std::move(candidate));
  }
}

// Breadth first from the roots, so that loops end and only what is still reachable from a wanted controller counts: the
// referrals of a controller that is being removed go with it (D-18).
void Finder::add_referrals(Candidates& all) {
  std::vector<Tid> level;
  for (const auto& [tid, candidate] : all) level.push_back(tid);
  std::set<Tid> visited(level.begin(), level.end());
  for (unsigned depth = 1; !level.empty(); ++depth) {
    Candidates found;
    for (const auto& tid : level)
      if (const Dc* parent = find(tid); parent != nullptr) add_referrals_of(found, *parent, depth);
    level.clear();
    for (auto& [tid, candidate] : found) {
      if (visited.insert(tid).second) level.push_back(tid);
      add(all, tid, std::move(candidate));
    }
  }
}

Finder::Candidates Finder::candidates(Instant now) {
  Candidates all;
  add_configured(all);
  add_mdns(all, now);
  add_referrals(all);
  return all;
}

// Why a controller that no source names now must go; none = there is no evidence, it stays. Asked again when the soak
// is over.
Reason Finder::removal_reason(const Dc& dc, Instant now) const {
  switch (usability(*config_, dc.tid)) {
    case Usability::usable:
      break;
    case Usability::excluded:
      return Reason::excluded;
    case Usability::family_disabled:
      return Reason::family_disabled;
    case Usability::invalid_address:
    case Usability::invalid_nqn:
      return Reason::unusable;
  }
  switch (dc.origin) {
    case Origin::configured:
      return Reason::not_configured;
    case Origin::discovered:
      // Silence of mDNS is no evidence. Only the persistence time ends such a controller, and never while connected.
      return dc.announced && (dc.connected() || now < lost_deadline(dc)) ? Reason::none : Reason::persistence_over;
    case Origin::referral:
      for (const auto& parent : dc.parents) {
        const Dc* known = find(parent);
        if (known != nullptr && known->wanted && !known->page_known) return Reason::none;
      }
      // Parents lost with the saved state: wait until every page is known before believing that nobody refers to it.
      if (dc.parents.empty() &&
          std::any_of(dcs_.begin(), dcs_.end(), [](const Dc& other) { return other.wanted && !other.page_known; }))
        return Reason::none;
      return Reason::no_referral;
  }
  return Reason::none;
}

void Finder::note_unwanted(Dc& dc, Reason reason, Instant now) {
  if (dc.wanted) {
    dc.wanted = false;
    dc.unwanted_since = now;
  }
  dc.unwanted_reason = reason;
}

void Finder::reconcile(Instant now) {
  dirty_ = false;
  auto all = candidates(now);
  for (auto& dc : dcs_) {
    const auto it = all.find(dc.tid);
    if (it == all.end()) {
      dc.reported = dc.announced = false;
      track_lost(dc, now);
      const auto reason = removal_reason(dc, now);
      if (reason != Reason::none) {
        note_unwanted(dc, reason, now);
      } else {
        dc.wanted = true;
        dc.unwanted_since = kNever;
      }
      continue;
    }
    const auto& candidate = it->second;
    if (dc.origin != candidate.origin) save_ = true;
    dc.origin = candidate.origin;
    dc.options = candidate.options;
    dc.parents = candidate.parents;
    dc.cfg = candidate.line != nullptr ? cfg_dict(*candidate.line) : TextDict();
    if (candidate.reported && !dc.reported && !dc.connected())
      dc.next_connect = std::min(dc.next_connect, now);  // a hint
    dc.reported = candidate.reported;
    // The end of a controller= line counts although it was announced long ago.
    dc.announced = dc.reported || (dc.announced && dc.origin != Origin::configured);
    dc.wanted = true;
    dc.unwanted_since = kNever;
    dc.unwanted_reason = Reason::none;
    track_lost(dc, now);
    all.erase(it);
  }
  for (auto& [tid, candidate] : all) {
    if (dcs_.size() >= kMaxDcs) {
      report_plain(Level::error,
                   "More than " + std::to_string(kMaxDcs) + " discovery controllers; the rest is ignored");
      break;
    }
    auto& dc = dcs_.emplace_back(tid, timing_);
    by_tid_.emplace(tid, &dc);
    std::erase(ended_, tid);
    dc.origin = candidate.origin;
    dc.options = candidate.options;
    dc.parents = std::move(candidate.parents);
    if (candidate.line != nullptr) dc.cfg = cfg_dict(*candidate.line);
    dc.reported = dc.announced = candidate.reported;
    save_ = true;
  }
}

}  // namespace stas
