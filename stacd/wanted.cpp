// SPDX-License-Identifier: Apache-2.0
//
// Connector: makes the table of what should be and lets each controller follow its row; what is found at start and by
// the audit.
#include <algorithm>
#include <utility>

#include "libstas/core/brain/view.h"
#include "stacd/connector.h"
#include "stacd/evidence.h"

namespace stas {

namespace {

constexpr std::size_t kMaxHoldLines = 8;  // of one pass; more controllers that are held for one reason are counted

}  // namespace

Facts Connector::facts() const {
  Facts facts{config_, host_, host_nqns_, names_, staf_, devices_, cuts_, started_, loaded_, {}};
  facts.known.reserve(iocs_.size());
  for (const auto& ioc : controllers()) facts.known.push_back(&ioc);
  return facts;
}

Desired Connector::table_at(Instant now) const {
  return is_current() && now < desired_.next ? desired_ : desired(facts(), timing_, now);
}

void Connector::reconcile(Instant now) {
  dirty_ = false;
  audit_ = true;
  const Facts facts = this->facts();
  desired_ = desired(facts, timing_, now);
  fetch_stale_ |= desired_.ask_staf && !fetching_;
  for (const Row& row : desired_.rows) {
    if (row.standing != Standing::refused) continue;
    if (row.reason == Reason::unusable && row.because.empty())
      report_once(Level::warning, Topic::refused,
                  row.tid.to_string() + " " + std::string(to_text(usability(*config_, row.tid))));
    else if (row.reason == Reason::family_disabled && row.line != nullptr && row.line->traddr == row.tid.traddr())
      report_once(Level::warning, Topic::refused,  // compatibility contract 6.2
                  "Excluding configured IP address " + row.tid.traddr() + " based on \"ip-family\" setting");
  }
  std::size_t next = 0;
  for (auto& [id, ioc] : iocs_) ioc.row = desired_.of_known[next++];
  track_fresh();
  out_.reserve(out_.size() + desired_.fresh.size());
  std::vector<Ioc*> held;
  for (auto& [id, ioc] : iocs_) {
    const Row& row = desired_.rows[ioc.row];
    if (row.named()) remember_sources(ioc, row, facts);
    follow(ioc, row, now);
    if (row.passing) continue;
    const bool holds = row.standing == Standing::held;
    if (holds && !ioc.hold_told) held.push_back(&ioc);
    // Of those that wait for the budget each has its turn: no news.
    if (holds || !row.cut || !budget_told_) ioc.hold_told = holds;
  }
  tell_holds(held);
  tell_budget();
}

void Connector::track_fresh() {
  for (const std::size_t index : desired_.fresh) {
    const Row& row = desired_.rows[index];
    if (iocs_.size() < (row.line != nullptr ? kMaxIocs : kMaxListedIocs)) {
      Ioc& ioc = track(row.tid);
      ioc.row = index;
      if (row.line != nullptr) {  // of a host name?
        if (names_.address(row.line->traddr)) ioc.host_name = row.line->traddr;
        ioc.failure_told = row.line->traddr != row.tid.traddr() && names_.has_failed(row.tid.traddr());
        ioc.next_connect = names_.not_before(row.line->traddr);
      }
      continue;
    }
    report_once(Level::error, Topic::limit_reached,
                "More than " + std::to_string(kMaxListedIocs) + " I/O controllers; the rest is ignored");
    break;
  }
}

void Connector::remember_sources(Ioc& ioc, const Row& row, const Facts& facts) {
  bool changed = std::exchange(ioc.foreign, false);
  if (row.line != nullptr) ioc.host_name = names_.address(row.line->traddr) ? row.line->traddr : std::string();
  // A line or a page that no longer names it is forgotten when there is evidence, not when it is silent.
  const bool configured = row.line != nullptr || (ioc.configured && !line_evidence(facts, ioc.tid).gone);
  changed |= std::exchange(ioc.configured, configured) != configured;
  const bool same = ioc.sources.size() == row.dcs.size() && std::ranges::all_of(row.dcs, [&](const StafDc* dc) {
                      const auto it = ioc.sources.find(dc->tid);
                      return it != ioc.sources.end() && it->second == dc->origin;
                    });
  if (!same) {
    std::map<Tid, std::string> sources;
    for (const StafDc* dc : row.dcs) sources[dc->tid] = dc->origin;
    for (const auto& [dc, origin] : ioc.sources)
      if (!sources.contains(dc) && !source_evidence(facts, timing_, ioc, dc, origin).gone) sources[dc] = origin;
    changed |= sources != ioc.sources;
    ioc.sources = std::move(sources);
  }
  if ((ioc.device || ioc.alias_of) && changed) save_ = true;  // what is not connected is not saved
}

// What changes with the row, whether or not there is a connection.
void Connector::follow(Ioc& ioc, const Row& row, Instant now) {
  if (row.named()) {
    ioc.unnamed_since = kNever;
    if (ioc.named_since == kNever) ioc.named_since = now;
  } else {
    ioc.named_since = kNever;
    if (ioc.unnamed_since == kNever) ioc.unnamed_since = now;
  }
  const bool goes = row.standing == Standing::leaving || row.standing == Standing::refused;
  if (!goes) {
    // What only keeps it back is nothing that speaks for it.
    if (!row.passing && row.keeper == Keeper::none) {
      ioc.leaving_since = kNever;
      ioc.released = false;
      if (ioc.usage.pending == kNever) ioc.usage = {};
    }
  } else if (ioc.leaving_since == kNever) {
    ioc.leaving_since = now;
  }
  if (row.standing != Standing::wanted) return;
  const ControllerLine* line = row.line;
  ioc.system_host = (line == nullptr || !line->host_nqn) && (ioc.tid.host_nqn() == host_->nqn || ioc.system_host);
  ioc.options = options_of(*config_, row);
  ioc.cfg = line != nullptr ? cfg_dict(*line) : TextDict();
  if (row.entry == nullptr) return;  // the previous entry is kept (compatibility contract 6.2)
  const bool cleared = ioc.entry && ioc.entry->ncc() && !row.entry->ncc();
  if (ioc.entry != *row.entry) ioc.entry = *row.entry;
  if (cleared && !ioc.device) {
    // The subsystem is connected to its central controller again: try at once, and from the start (6.6).
    ioc.attempts = 0;
    ioc.backoff.reset();
    ioc.next_connect = now;
  }
}

void Connector::tell_holds(const std::vector<Ioc*>& fresh) {
  std::map<std::string, std::vector<const Ioc*>> by_reason;
  for (const Ioc* ioc : fresh) by_reason[row_of(*ioc).because].push_back(ioc);
  for (const auto& [because, iocs] : by_reason) {
    const bool in_use = row_of(*iocs.front()).keeper == Keeper::guard;
    const Level level = in_use ? Level::warning : Level::info;
    const Topic topic = in_use ? Topic::in_use : Topic::held;
    const std::string why = because + (in_use ? " (disconnect-guard=hold; `stacctl release` lets go)" : "");
    for (std::size_t i = 0; i < iocs.size(); ++i)
      report(iocs.size() > kMaxHoldLines ? Level::debug : level, topic, *iocs[i], "kept: " + why);
    if (iocs.size() > kMaxHoldLines)
      report_plain(level, topic, std::to_string(iocs.size()) + " I/O controllers are kept: " + why);
  }
}

// Once, until all of them are gone or wanted again.
void Connector::tell_budget() {
  std::size_t kept = 0;
  bool more = false;
  for (auto& [id, ioc] : iocs_) {
    const Row& row = row_of(ioc);
    if (row.keeper == Keeper::budget) ++kept;
    ioc.budget_kept = ioc.device && (row.keeper == Keeper::budget || (ioc.budget_kept && !row.named()));
    more |= ioc.budget_kept || (ioc.device && row.cut);
  }
  if (kept == 0) {
    budget_told_ &= more;
  } else if (!std::exchange(budget_told_, true)) {
    report_plain(Level::error, Topic::budget_used_up,
                 "max-disconnects-per-minute=" + std::to_string(config_->max_disconnects_per_minute) +
                     " is used up. Connections that should be cut, and are kept for now: " + std::to_string(kept) +
                     ". `stacctl explain NQN` tells why, `stacctl release NQN` lets go");
  }
}

// After a restart: what we had and what still exists stays ours, with what is known about who wanted it. Who says how
// it leaves this host chooses first; what is left is for those who mean any way.
void Connector::take_restored(Instant now) {
  auto restored = std::exchange(restored_, {});
  std::stable_partition(restored.begin(), restored.end(), [](const KnownIoc& known) {
    return !known.tid.host_iface().empty() || !known.tid.host_traddr().empty();
  });
  for (auto& known : restored) {
    const Ioc* present = find(known.tid);
    if (present != nullptr && present->device) continue;
    // One that was asked for in its words before one that was not: that may be somebody else's beside it.
    const auto rank = [&](const Device* device) {
      const bool same_words =
          device->host_iface == known.tid.host_iface() && device->host_traddr == known.tid.host_traddr();
      return std::pair(same_words, !is_guess(*device, known.tid));
    };
    const Device* found = nullptr;
    for (const Device* device : devices_.matching(known.tid, ControllerKind::io))
      if (owner_of(device->ref) == nullptr && (found == nullptr || rank(device) > rank(found))) found = device;
    if (found == nullptr) continue;
    Ioc& ioc = present != nullptr ? iocs_.at(by_tid_.at(known.tid)) : track(known.tid);
    ioc.configured |= known.configured;
    for (auto& source : known.sources) ioc.sources.emplace(std::move(source.dc), std::move(source.origin));
    if (!ioc.entry) ioc.entry = std::move(known.dlpe);
    bind(ioc, found->ref, now);
    ioc.guessed = is_guess(*found, ioc.tid);
    report(Level::info, Topic::connected, ioc, "Connection established! (existing connection adopted)",
           Reason::last_known);
  }
  dirty_ = save_ = true;  // what does not exist any more is not ours any more, should it come back
}

void Connector::forget_foreign() {
  for (auto it = iocs_.begin(); it != iocs_.end();) {
    Ioc& ioc = (it++)->second;
    if (ioc.foreign && ioc.op == Ioc::Op::none) erase(ioc);
  }
}

// Connections that nobody of us wants, under all-connections-matching-disconnect-trtypes (compatibility contract 6.5).
void Connector::audit(Instant now) {
  audit_ = false;
  if (config_->disconnect_scope != DisconnectScope::all_connections_matching_disconnect_trtypes)
    return forget_foreign();
  std::unordered_map<std::string, std::vector<const Ioc*>> by_nqn;
  for (const auto& item : devices_.all()) {
    const Device& device = item.second;
    if (owner_of(device.ref) != nullptr || !device.owner.empty() || !is_settled(device) ||
        !is_kind(device, ControllerKind::io))
      continue;
    const auto tid = tid_of(device, devices_.interfaces(), config_->ignore_iface);
    if (!tid || !config_->disconnect_trtypes.contains(tid->transport()) || by_tid_.contains(*tid)) continue;
    if (iocs_.size() >= kMaxIocs) return;
    if (by_nqn.empty())
      for (const auto& ioc : controllers()) by_nqn[ioc.tid.subsysnqn()].push_back(&ioc);
    // Not by equality: a wanted controller may mean this device with other words (D-06).
    if (std::ranges::any_of(by_nqn[tid->subsysnqn()], [&](const Ioc* ioc) {
          return matches(device, ioc->tid, ControllerKind::io, devices_.interfaces());
        }))
      continue;
    Ioc& ioc = track(*tid);
    ioc.foreign = true;
    bind(ioc, device.ref, now);
    dirty_ = true;
  }
}

}  // namespace stas
