// SPDX-License-Identifier: Apache-2.0
//
// Finder: the one next operation of each controller.
#include <algorithm>
#include <utility>

#include "libstas/core/brain/nvmf_connect.h"
#include "libstas/core/discovery/dim.h"
#include "stafd/finder.h"

namespace stas {

Actions Finder::advance(Instant now) {
  if (config_) {
    // A removal changes what others refer to and mean: look again, at most as often as referrals nest.
    for (unsigned round = 0; round <= kMaxReferralDepth; ++round) {
      deadline_ = kNever;
      if (dirty_ && !stopping_) reconcile(now);
      for (auto it = dcs_.begin(); it != dcs_.end();) {
        Dc& dc = *it++;  // step() may remove it
        step(dc, now);
      }
      if (!dirty_ || stopping_) break;
    }
    if (dirty_ && !stopping_) deadline_ = now;
    if (!stopping_) step_foreign(now);
    if (!stopping_) names_.advance(now, out_);
    deadline_ = std::min(deadline_, names_.deadline());
  } else {
    deadline_ = kNever;
  }
  if (removed_) out_.push_back(NotifyDcRemoved{});
  if (save_) out_.push_back(SaveLastKnown{});
  removed_ = save_ = false;
  return std::exchange(out_, {});
}

void Finder::step(Dc& dc, Instant now) {
  if (dc.op != Dc::Op::none) return;
  if (stopping_) {
    if (dc.device && !config_->persistent_connections) order(dc, Dc::Op::disconnect, now);
    return;
  }
  if (const auto lost = lost_deadline(dc); dc.wanted && lost != kNever) {
    if (now >= lost)
      note_unwanted(dc, Reason::persistence_over, now);
    else
      deadline_ = std::min(deadline_, lost);
  }
  if (!dc.wanted && step_unwanted(dc, now)) return;
  if (!dc.device) return step_unbound(dc, now);
  const auto op = dc.next(now, config_->pleo);
  if (op != Dc::Op::none) return order(dc, op, now);
  deadline_ = std::min(deadline_, dc.deadline(config_->pleo));
}

// Compatibility contract 5.14: what others connected goes on to nvme-cli, whose udev rule stacd may have taken away.
// For other transports than TCP that rule is still there.
void Finder::step_foreign(Instant now) {
  if (!devices_.complete()) return;
  for (auto it = foreign_.begin(); it != foreign_.end();) {
    auto& [ref, foreign] = *it;
    const Device* device = devices_.find(ref);
    if (device == nullptr || owner_of(ref) != nullptr || (!foreign.news && now >= foreign.not_before)) {
      it = foreign_.erase(it);
      continue;
    }
    ++it;
    if (!foreign.news) continue;
    // The answer to a connect of ours may be on its way: it reads the page itself then.
    const bool soon_ours = std::any_of(by_op_.begin(), by_op_.end(), [&](const auto& op) {
      return op.second->op == Dc::Op::connect &&
             matches(*device, op.second->tid, ControllerKind::discovery, devices_.interfaces());
    });
    if (soon_ours) continue;
    if (now < foreign.not_before) {
      deadline_ = std::min(deadline_, foreign.not_before);
      continue;
    }
    foreign.news = false;
    foreign.not_before = now + timing_.forward;
    if (auto unit = nvmf_connect_unit(*device)) out_.push_back(LeaveToNvmeCli{ref.name, std::move(*unit)});
  }
}

// True when the controller is dealt with for now.
bool Finder::step_unwanted(Dc& dc, Instant now) {
  Instant due = dc.unwanted_since + timing_.soak;
  // After a start mDNS gets its time to answer: what it announces is wanted, whatever it was called before.
  if (config_->zeroconf && !mdns_.available) due = std::max(due, started_ + timing_.mdns_grace);
  if (now < due) {
    deadline_ = std::min(deadline_, due);
    return false;
  }
  if (removal_reason(dc, now) != Reason::none) {
    remove(dc, now);
    return true;
  }
  dc.wanted = true;
  dc.unwanted_since = kNever;
  return false;
}

// Takes over an existing connection that this Tid means; notes when another controller of ours has it already ("the
// same controller under another name": unique and well-known NQN, with and without interface, regressions 11).
bool Finder::adopt(Dc& dc, Instant now) {
  const auto before = std::exchange(dc.alias_of, std::nullopt);
  for (const Device* device : devices_.matching(dc.tid, ControllerKind::discovery)) {
    if (const Dc* owner = owner_of(device->ref); owner != nullptr) {
      if (!before) report(Level::debug, dc, "is the same controller as " + owner->tid.to_string());
      dc.alias_of = owner->tid;
      continue;
    }
    dc.bind(*device, now);
    report(Level::info, dc, "Connection established! (existing connection adopted)", Reason::last_known);
    return true;
  }
  return false;
}

void Finder::step_unbound(Dc& dc, Instant now) {
  if (!devices_.complete()) return;  // who knows what exists already
  // What appears there now is probably the connection of that one; its answer may make this one an alias.
  if (connecting_to_same_address(dc) != nullptr) return;
  if (adopt(dc, now)) return step(dc, now);
  if (dc.alias_of || !dc.wanted) return;
  if (now < dc.next_connect) {
    deadline_ = std::min(deadline_, dc.next_connect);
    return;
  }
  order(dc, Dc::Op::connect, now);
}

Dc* Finder::connecting_to_same_address(const Dc& dc) {
  for (auto& [id, other] : by_op_)
    if (other != &dc && other->op == Dc::Op::connect && other->tid.transport() == dc.tid.transport() &&
        other->tid.traddr() == dc.tid.traddr() && other->tid.trsvcid() == dc.tid.trsvcid() &&
        other->tid.host_nqn() == dc.tid.host_nqn())
      return other;
  return nullptr;
}

void Finder::order(Dc& dc, Dc::Op op, Instant now) {
  const OpId id = next_op_++;
  switch (op) {
    case Dc::Op::none:
      return;
    case Dc::Op::connect: {
      ++dc.attempts;
      dc.last_attempt = now;
      dc.connect_track.begin();
      const Reason reason = dc.origin == Origin::configured ? Reason::configured
                            : dc.origin == Origin::referral ? Reason::referral
                                                            : Reason::discovered;
      out_.push_back(
          Connect{id, dc.tid, ControllerKind::discovery, dc.options, host_for(dc.tid), reason, !dc.failure_told});
      break;
    }
    case Dc::Op::disconnect: {
      const Reason reason = stopping_ ? Reason::stopping : dc.unwanted_reason;
      report(Level::info, dc, "Disconnect initiated: " + std::string(to_text(reason)), reason);
      out_.push_back(Disconnect{id, dc.tid, *dc.device, reason});
      break;
    }
    case Dc::Op::register_: {
      const auto family = dc.tid.ip() ? dc.tid.ip()->family() : IpFamily::v4;
      auto data = dim_host_entry(host_for(dc.tid), family);
      if (!data) {
        dc.registered = true;
        report(Level::error, dc, "Failed to register with Discovery Controller. " + data.error().text);
        return step(dc, now);
      }
      dc.register_track.begin();
      out_.push_back(Register{id, dc.tid, *dc.device, std::move(*data)});
      break;
    }
    case Dc::Op::supported:
      dc.supported_track.begin();
      out_.push_back(FetchSupported{id, dc.tid, *dc.device});
      break;
    case Dc::Op::page: {
      dc.page_track.begin();
      // A safety poll trusts the generation counter, but not for ever: a target that restarted unnoticed may count
      // again to the number we know.
      const bool poll = !std::exchange(dc.page_stale, false) && dc.page_read_here;  // an AEN from now on asks again
      dc.page_op_current = true;
      dc.polls = poll ? dc.polls + 1 : 0;
      const bool trust = poll && dc.polls % kFullReadEvery != 0;
      dc.next_poll = now + timing_.poll;
      const bool pleo = config_->pleo && dc.supported && dc.supported->pleos;
      out_.push_back(FetchLogPage{id, dc.tid, *dc.device, pleo, trust ? std::optional(dc.genctr) : std::nullopt});
      break;
    }
  }
  dc.op = op;
  dc.op_id = id;
  by_op_.emplace(id, &dc);
}

// The soak is over and the evidence still stands.
void Finder::remove(Dc& dc, Instant now) {
  if (dc.device && !hand_over(dc, now)) {
    if (now < dc.next_connect) {  // an earlier disconnect failed
      deadline_ = std::min(deadline_, dc.next_connect);
      return;
    }
    return order(dc, Dc::Op::disconnect, now);
  }
  report(Level::info, dc, "Removed: " + std::string(to_text(dc.unwanted_reason)), dc.unwanted_reason);
  removed_ = save_ = dirty_ = true;
  note_ended(dc.tid);
  by_tid_.erase(dc.tid);
  std::erase_if(dcs_, [&](const Dc& other) { return &other == &dc; });
}

void Finder::note_ended(const Tid& tid) {
  std::erase(ended_, tid);
  if (ended_.size() >= kMaxEnded) ended_.erase(ended_.begin());
  ended_.push_back(tid);
}

// Another wanted controller of ours means the same device: it becomes the owner, nothing is cut (regressions 40).
bool Finder::hand_over(Dc& dc, Instant now) {
  const Device* device = devices_.find(*dc.device);
  if (device == nullptr) return false;
  for (auto& heir : dcs_) {
    if (&heir == &dc || !heir.wanted || heir.device || heir.op != Dc::Op::none) continue;
    if (!matches(*device, heir.tid, ControllerKind::discovery, devices_.interfaces())) continue;
    heir.bind(*device, now);
    report(Level::info, heir, "Took over the connection of " + dc.tid.to_string());
    dc.device.reset();
    deadline_ = now;
    return true;
  }
  return false;
}

}  // namespace stas
