// SPDX-License-Identifier: Apache-2.0
//
// Connector: the one next operation of each controller.
#include <algorithm>
#include <utility>

#include "stacd/connector.h"

namespace stas {

Actions Connector::advance(Instant now) {
  deadline_ = kNever;
  if (staf_present_ && fetch_stale_ && !fetching_ && !stopping_) {
    if (now >= next_fetch_) {
      fetching_ = true;
      fetch_stale_ = false;  // a signal from now on asks for another answer
      out_.push_back(FetchStafPages{});
    } else {
      deadline_ = next_fetch_;
    }
  }
  if (config_ && !stopping_) {
    if (dirty_) reconcile(now);
    if (audit_ && devices_.complete()) audit(now);
    names_.advance(now, out_);
    deadline_ = std::min(deadline_, names_.deadline());
    for (auto it = iocs_.begin(); it != iocs_.end();) {
      Ioc& ioc = *it++;  // step() may remove it
      step(ioc, now);
    }
  }
  if (save_) out_.push_back(SaveLastKnown{});
  save_ = false;
  return std::exchange(out_, {});
}

void Connector::step(Ioc& ioc, Instant now) {
  if (ioc.op != Ioc::Op::none) return;
  if (!ioc.wanted && step_unwanted(ioc, now)) return;
  if (!ioc.device) step_unbound(ioc, now);
}

// True when the controller is dealt with for now.
bool Connector::step_unwanted(Ioc& ioc, Instant now) {
  if (ioc.external && !ioc.device) {
    erase(ioc);
    return true;
  }
  if (ioc.unwanted_since == kNever) return true;  // an external one on hold
  const auto found = evidence(ioc);
  if (found.verdict == Verdict::hold) {
    reconsider(ioc, now);
    return !ioc.wanted;
  }
  const Instant due = std::max(ioc.unwanted_since + timing_.soak, found.not_before);
  if (now < due) {
    deadline_ = std::min(deadline_, due);
    return true;
  }
  ioc.unwanted_reason = found.reason;
  if (!ioc.device) {
    report(Level::info, ioc, "Removed: " + std::string(to_text(found.reason)), found.reason);
    erase(ioc);
    return true;
  }
  if (!may_disconnect(ioc, found.reason)) {
    report(Level::info, ioc,
           "Not wanted any more (" + std::string(to_text(found.reason)) +
               "); the connection stays, as disconnect-scope says",
           found.reason);
    erase(ioc);
    return true;
  }
  if (hand_over(ioc, now)) {
    erase(ioc);
    return true;
  }
  if (now < ioc.next_connect) {  // an earlier disconnect failed
    deadline_ = std::min(deadline_, ioc.next_connect);
    return true;
  }
  order_disconnect(ioc, now);
  return true;
}

void Connector::step_unbound(Ioc& ioc, Instant now) {
  if (!devices_.complete()) return;  // who knows what exists already
  // What appears there now is probably the connection of that one; its answer may make this one an alias.
  if (connecting_.contains(ioc.path)) return;
  if (ioc.looked_at != devices_.version() || now >= ioc.next_connect) {
    if (adopt(ioc, now)) return;
    ioc.looked_at = devices_.version();
  }
  if (ioc.alias_of || ioc.given_up(config_->connect_attempts_on_ncc)) return;
  if (now < ioc.next_connect) {
    deadline_ = std::min(deadline_, ioc.next_connect);
    return;
  }
  order_connect(ioc, now);
}

// Takes over an existing connection that this Tid means; notes when another controller of ours has it already.
bool Connector::adopt(Ioc& ioc, Instant now) {
  const auto before = std::exchange(ioc.alias_of, std::nullopt);
  for (const Device* device : devices_.matching(ioc.tid, ControllerKind::io)) {
    Ioc* owner = owner_of(device->ref);
    if (owner != nullptr && !owner->external) {
      if (!before) report(Level::debug, ioc, "is the same controller as " + owner->tid.to_string());
      ioc.alias_of = owner->tid;
      continue;
    }
    if (owner != nullptr) {
      if (owner->op != Ioc::Op::none) continue;  // being cut: its end leads here again
      owner->device.reset();                     // nothing is left of it: it goes in the next pass
      deadline_ = now;
    }
    bind(ioc, device->ref, now);
    report(Level::info, ioc, "Connection established! (existing connection adopted)");
    return true;
  }
  return false;
}

void Connector::order_connect(Ioc& ioc, Instant now) {
  ++ioc.attempts;
  ioc.last_attempt = now;
  ioc.op_created = true;
  ioc.op = Ioc::Op::connect;
  connecting_.insert(ioc.path);
  ioc.op_id = next_op_++;
  by_op_.emplace(ioc.op_id, &ioc);
  HostIdentity host = *host_;
  if (!ioc.tid.host_nqn().empty()) host.nqn = ioc.tid.host_nqn();
  out_.push_back(Connect{ioc.op_id, ioc.tid, ControllerKind::io, ioc.options, std::move(host),
                         ioc.configured ? Reason::configured : Reason::listed, !ioc.failure_told});
}

void Connector::order_disconnect(Ioc& ioc, Instant) {
  report(Level::info, ioc, "Disconnect initiated: " + std::string(to_text(ioc.unwanted_reason)), ioc.unwanted_reason);
  ioc.op = Ioc::Op::disconnect;
  ioc.op_id = next_op_++;
  by_op_.emplace(ioc.op_id, &ioc);
  out_.push_back(Disconnect{ioc.op_id, ioc.tid, *ioc.device, ioc.unwanted_reason});
}

// Another wanted controller of ours means the same device: it becomes the owner, nothing is cut (regressions 40).
bool Connector::hand_over(Ioc& ioc, Instant now) {
  const Device* device = devices_.find(*ioc.device);
  if (device == nullptr) return false;
  for (auto& heir : iocs_) {
    if (&heir == &ioc || !heir.wanted || heir.device || heir.op != Ioc::Op::none) continue;
    if (heir.tid.subsysnqn() != ioc.tid.subsysnqn()) continue;
    if (!matches(*device, heir.tid, ControllerKind::io, devices_.interfaces())) continue;
    ioc.device.reset();
    bind(heir, device->ref, now);
    report(Level::info, heir, "Took over the connection of " + ioc.tid.to_string());
    return true;
  }
  return false;
}

void Connector::erase(Ioc& ioc) {
  if (ioc.device) by_device_.erase(ioc.device->name);
  if (!ioc.external) save_ = true;  // others are not saved
  const auto it = by_tid_.find(ioc.tid);
  const auto position = it->second;
  by_tid_.erase(it);
  iocs_.erase(position);
}

}  // namespace stas
