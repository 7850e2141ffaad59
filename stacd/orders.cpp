// SPDX-License-Identifier: Apache-2.0
//
// Connector: the one next operation of each controller.
#include <algorithm>
#include <utility>

#include "libstas/core/brain/configured.h"
#include "stacd/connector.h"

namespace stas {

namespace {

constexpr int kMaxRounds = 8;
constexpr std::size_t kMaxInspections = 64;  // at once; the answer to one leads to the next

bool differ(const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; }

}  // namespace

Actions Connector::advance(Instant now) {
  deadline_ = kNever;
  // What is bound or given up may change what others wait for; more than a few rounds would be a fault of ours.
  for (int round = 0; config_ && !stopping_ && round < kMaxRounds; ++round) {
    if (dirty_ || now >= desired_.next) reconcile(now);
    if (audit_ && devices_.complete()) audit(now);
    if (dirty_) reconcile(now);  // the audit found something
    names_.advance(now, out_);
    deadline_ = std::min(desired_.next, names_.deadline());
    for (auto it = iocs_.begin(); it != iocs_.end();) {
      Ioc& ioc = (it++)->second;  // step() may remove it
      step(ioc, now);
    }
    if (!dirty_ && !(audit_ && devices_.complete())) break;
    deadline_ = now;
  }
  ask_staf(now);
  if (save_) out_.push_back(SaveLastKnown{});
  save_ = false;
  return std::exchange(out_, {});
}

void Connector::ask_staf(Instant now) {
  if (!staf_.present() || !fetch_stale_ || fetching_ || stopping_) return;
  if (now < next_fetch_) {
    deadline_ = std::min(deadline_, next_fetch_);
    return;
  }
  fetching_ = true;
  fetch_stale_ = false;  // a signal from now on asks for another answer
  asked_ = now;
  out_.push_back(FetchStafPages{});
}

void Connector::step(Ioc& ioc, Instant now) {
  if (ioc.op != Ioc::Op::none) return;
  const Row& row = row_of(ioc);
  switch (row.standing) {
    case Standing::held:
      if (row.keeper != Keeper::none) return step_kept(ioc, row, now);
      if (row.passing) return;  // the answer comes in a moment
      [[fallthrough]];
    case Standing::wanted:
      if (!ioc.device) step_unbound(ioc, row, now);
      return;
    case Standing::foreign:
      if (!ioc.device) erase(ioc);
      return;
    case Standing::leaving:
    case Standing::refused:
      return step_leaving(ioc, row, now);
  }
}

void Connector::step_leaving(Ioc& ioc, const Row& row, Instant now) {
  if (ioc.foreign && !ioc.device) return erase(ioc);
  if (row.inspect) inspect(ioc, now);
  if (now < row.not_before) {
    deadline_ = std::min(deadline_, row.not_before);
    return;
  }
  if (!ioc.device) {
    if (row.reason != Reason::none)
      report(Level::info, Topic::removed, ioc, "Removed: " + std::string(to_text(row.reason)), row.reason);
    return erase(ioc);
  }
  if (!row.cut) {
    report(
        Level::info, Topic::let_go, ioc,
        "Not wanted any more (" + std::string(to_text(row.reason)) + "); the connection stays, as " + why_it_stays(row),
        row.reason);
    return erase(ioc);
  }
  if (another_name_waits(ioc, now) || hand_over(ioc, now)) return;
  if (now < ioc.next_cut) {  // an earlier disconnect failed
    deadline_ = std::min(deadline_, ioc.next_cut);
    return;
  }
  order_disconnect(ioc, row, now);
}

// It would be cut if nothing kept it; what takes it over need not be asked for, and may just have done so.
void Connector::step_kept(Ioc& ioc, const Row& row, Instant now) {
  if (!row.inspect || !ioc.device || ioc.usage.pending != kNever) return;
  if (!another_name_waits(ioc, now) && !hand_over(ioc, now)) inspect(ioc, now);
}

void Connector::inspect(Ioc& ioc, Instant now) {
  if (!ioc.device || ioc.usage.pending != kNever || inspecting_.size() >= kMaxInspections) return;
  ioc.usage.pending = now;
  ioc.usage_op = next_op_++;
  inspecting_.emplace(ioc.usage_op, by_tid_.at(ioc.tid));
  out_.push_back(InspectUsage{ioc.usage_op, ioc.tid, *ioc.device});
}

void Connector::step_unbound(Ioc& ioc, const Row& row, Instant now) {
  if (!devices_.complete()) return;  // who knows what exists already
  // What appears there now is probably the connection of that one; its answer may make this one an alias.
  if (connecting_beside(ioc)) return;
  if (ioc.looked_at != devices_.version() || now >= ioc.next_connect) {
    if (adopt(ioc, now)) return;
    ioc.looked_at = devices_.version();
  }
  if (ioc.alias_of || given_up(ioc, row)) return;
  if (now < ioc.next_connect) {
    deadline_ = std::min(deadline_, ioc.next_connect);
    return;
  }
  if (being_cut(ioc)) return;
  order_connect(ioc, row, now);
}

// Is a device of ours that this one means being disconnected? It may stay after all; its end leads here again.
bool Connector::being_cut(const Ioc& ioc) {
  return std::ranges::any_of(devices_.matching(ioc.tid, ControllerKind::io), [&](const Device* device) {
    const Ioc* owner = owner_of(device->ref);
    return owner != nullptr && owner->op == Ioc::Op::disconnect && !is_guess(*device, ioc.tid);
  });
}

// Is a connect in flight whose device this one could mean as well? Not when both say how they leave this host, and
// differently: a silent address must not delay the same address over another interface.
bool Connector::connecting_beside(const Ioc& ioc) const {
  const auto [first, last] = connecting_.equal_range(ioc.tid.traddr());
  return std::any_of(first, last, [&](const auto& item) {
    const Tid& other = iocs_.at(item.second).tid;
    return other.transport() == ioc.tid.transport() && other.trsvcid() == ioc.tid.trsvcid() &&
           other.subsysnqn() == ioc.tid.subsysnqn() && other.host_nqn() == ioc.tid.host_nqn() &&
           !differ(other.host_iface(), ioc.tid.host_iface()) && !differ(other.host_traddr(), ioc.tid.host_traddr());
  });
}

// NCC (stacd.conf(5) connect-attempts-on-ncc): the central controller says that nobody is there. Counts as long as a
// page says so.
bool Connector::given_up(const Ioc& ioc, const Row& row) const {
  const int limit = config_->connect_attempts_on_ncc;
  return limit > 0 && row.entry != nullptr && row.entry->ncc() && ioc.attempts >= static_cast<unsigned>(limit);
}

// Takes over an existing connection that this Tid means; notes when another controller of ours has it already.
bool Connector::adopt(Ioc& ioc, Instant now) {
  const auto before = std::exchange(ioc.alias_of, std::nullopt);
  auto matching = devices_.matching(ioc.tid, ControllerKind::io);
  // Of several, one that shows that it is meant, or else one that works, or else one that was asked for in the same
  // words.
  const auto same_words = [&](const Device* device) {
    return device->host_iface == ioc.tid.host_iface() && device->host_traddr == ioc.tid.host_traddr();
  };
  std::stable_partition(matching.begin(), matching.end(), same_words);
  std::stable_partition(matching.begin(), matching.end(), [](const Device* device) { return device->state == "live"; });
  std::stable_partition(matching.begin(), matching.end(),
                        [&](const Device* device) { return !is_guess(*device, ioc.tid); });
  for (const Device* device : matching) {
    if (device->state.starts_with("deleting")) continue;  // its end leads here again
    Ioc* owner = owner_of(device->ref);
    if (owner == nullptr) {
      bind(ioc, device->ref, now);
      ioc.guessed = is_guess(*device, ioc.tid);
      report(Level::info, Topic::connected, ioc, "Connection established! (existing connection adopted)");
      return true;
    }
    if (owner->op != Ioc::Op::none) continue;  // being cut: its end leads here again
    const Row& row = row_of(*owner);
    if (owner->foreign || (!row.named() && row_of(ioc).named() && !is_guess(*device, ioc.tid))) {
      take_over(ioc, *owner, now);
      return true;
    }
    if (!before) report(Level::debug, Topic::none, ioc, "is the same controller as " + owner->tid.to_string());
    save_ |= before != owner->tid;  // what is known of the one counts for the other
    ioc.alias_of = owner->tid;
  }
  return false;
}

// The same device under a name that a source has: nothing is cut (regressions 40).
void Connector::take_over(Ioc& heir, Ioc& owner, Instant now) {
  const DeviceRef ref = *owner.device;
  const Tid before = owner.tid;
  const bool foreign = owner.foreign;
  by_device_.erase(ref.name);
  owner.unbind(now, Duration::zero());
  // Whoever may still want the owner wants this connection.
  if (row_of(owner).standing == Standing::held) inherit(owner, heir);
  bind(heir, ref, now);
  const Device* device = devices_.find(ref);
  heir.guessed = device != nullptr && is_guess(*device, heir.tid);
  if (foreign)
    report(Level::info, Topic::connected, heir, "Connection established! (existing connection adopted)");
  else
    report(Level::info, Topic::connected, heir, "Took over the connection of " + before.to_string());
  dirty_ = true;
}

void Connector::order_connect(Ioc& ioc, const Row& row, Instant now) {
  ++ioc.attempts;
  ioc.last_attempt = now;
  ioc.op = Ioc::Op::connect;
  const IocId id = by_tid_.at(ioc.tid);
  connecting_.emplace(ioc.tid.traddr(), id);
  ioc.op_id = next_op_++;
  by_op_.emplace(ioc.op_id, id);
  out_.push_back(Connect{ioc.op_id, ioc.tid, ControllerKind::io, ioc.options, identity_for(*host_, ioc.tid, row.line),
                         ioc.configured ? Reason::configured : Reason::listed, !ioc.failure_told,
                         names_.others(ioc.host_name, ioc.tid.traddr())});
}

void Connector::order_disconnect(Ioc& ioc, const Row& row, Instant now) {
  if (const auto allowed = static_cast<std::size_t>(config_->max_disconnects_per_minute); allowed > 0) {
    std::erase_if(cuts_, [&](Instant then) { return then + timing_.minute <= now; });
    if (cuts_.size() >= allowed && !ioc.released) {
      dirty_ = true;  // the table says until when it is kept
      return;
    }
    cuts_.push_back(now);
  }
  if (row.last_path && ioc.usage.asked != kNever && !ioc.usage.by.empty())
    report(ioc.cut_failure_told ? Level::debug : Level::warning, Topic::in_use, ioc,
           "The last path to what is in use is cut: " + ioc.usage.by + " (disconnect-guard=warn)", row.reason);
  report(ioc.cut_failure_told ? Level::debug : Level::info, Topic::disconnecting, ioc,
         "Disconnect initiated: " + std::string(to_text(row.reason)) + (ioc.released ? ", and released" : ""),
         row.reason);
  ioc.op = Ioc::Op::disconnect;
  ioc.cutting = true;
  ioc.op_id = next_op_++;
  by_op_.emplace(ioc.op_id, by_tid_.at(ioc.tid));
  out_.push_back(
      Disconnect{ioc.op_id, ioc.tid, *ioc.device, row.reason, ioc.released ? std::vector<DeviceRef>() : row.beside});
}

// A second name of the connection lost its source later: its quiet time counts as well.
bool Connector::another_name_waits(const Ioc& ioc, Instant now) {
  bool waits = false;
  for (const IocId id : by_subsystem_.at(ioc.tid.subsysnqn())) {
    const Ioc& other = iocs_.at(id);
    if (!other.alias_of || *other.alias_of != ioc.tid) continue;
    const Row& row = row_of(other);
    const bool goes = row.standing == Standing::leaving || row.standing == Standing::refused;
    if (!goes || now >= row.not_before) continue;
    deadline_ = std::min(deadline_, row.not_before);
    waits = true;
  }
  return waits;
}

// Another wanted controller of ours means the same device: it becomes the owner, nothing is cut (regressions 40). Has
// it one that does not work, that one goes instead.
bool Connector::hand_over(Ioc& ioc, Instant now) {
  const Device* device = devices_.find(*ioc.device);
  if (device == nullptr) return false;
  bool waits = false;
  for (const auto standing : {Standing::wanted, Standing::held}) {
    for (const IocId id : by_subsystem_.at(ioc.tid.subsysnqn())) {
      Ioc& heir = iocs_.at(id);
      if (&heir == &ioc || heir.op == Ioc::Op::disconnect) continue;
      const Row& row = row_of(heir);
      if (row.standing != standing) continue;
      if (row.keeper != Keeper::none) continue;  // is to go as well
      if (heir.device && (device->state != "live" || is_live(heir))) continue;
      if (!matches(*device, heir.tid, ControllerKind::io, devices_.interfaces())) continue;
      if (is_guess(*device, heir.tid) || heir.op != Ioc::Op::none) {
        waits = true;  // until it shows how it leaves this host, or the heir's own connect has ended
        continue;
      }
      if (heir.device) {
        swap_devices(ioc, heir, now);
        return true;
      }
      take_over(heir, ioc, now);
      erase(ioc);
      return true;
    }
  }
  if (!waits && std::exchange(ioc.waits, false)) {
    // It is nobody else's after all: the soak begins now.
    ioc.leaving_since = now;
    dirty_ = true;
    return true;
  }
  ioc.waits = waits;
  return waits;
}

bool Connector::is_live(const Ioc& ioc) const {
  const Device* device = ioc.device ? devices_.find(*ioc.device) : nullptr;
  return path_state(device) == "live";
}

void Connector::swap_devices(Ioc& leaving, Ioc& heir, Instant now) {
  const DeviceRef works = *leaving.device;
  const DeviceRef broken = *heir.device;
  unbind(leaving, now, Duration::zero());
  unbind(heir, now, Duration::zero());
  bind(leaving, broken, now);
  bind(heir, works, now);
  for (const IocId id : by_subsystem_.at(heir.tid.subsysnqn())) {  // other names mean the devices
    Ioc& other = iocs_.at(id);
    if (!other.alias_of) continue;
    if (*other.alias_of == leaving.tid)
      other.alias_of = heir.tid;
    else if (*other.alias_of == heir.tid)
      other.alias_of = leaving.tid;
  }
  report(Level::info, Topic::connected, heir, "Took over the connection of " + leaving.tid.to_string());
  dirty_ = true;
}

void Connector::erase(Ioc& ioc) {
  if (ioc.device) by_device_.erase(ioc.device->name);
  if (!ioc.foreign) save_ = true;   // others are not saved
  if (!ioc.foreign) audit_ = true;  // what it was taken to mean may be somebody else's
  const auto it = by_tid_.find(ioc.tid);
  const IocId id = it->second;
  const auto paths = by_subsystem_.find(ioc.tid.subsysnqn());
  paths->second.erase(id);
  if (paths->second.empty()) by_subsystem_.erase(paths);
  by_tid_.erase(it);
  iocs_.erase(id);
}

}  // namespace stas
