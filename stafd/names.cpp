// SPDX-License-Identifier: Apache-2.0
//
// Finder: what is next for each name: the connection that it means, a connect, or its end.
#include <algorithm>
#include <set>
#include <utility>

#include "libstas/core/identity/nqn.h"
#include "stafd/finder.h"

namespace stas {

namespace {

// May one connection be what both names mean, as far as the names say?
bool may_be_one(const Tid& a, const Tid& b) {
  const auto fits = [](const std::string& x, const std::string& y) { return x.empty() || y.empty() || x == y; };
  const auto well_known = [](const Tid& tid) { return tid.subsysnqn() == kWellKnownDiscoveryNqn; };
  return fits(a.host_iface(), b.host_iface()) && fits(a.host_traddr(), b.host_traddr()) &&
         (a.subsysnqn() == b.subsysnqn() || well_known(a) || well_known(b));
}

}  // namespace

void Finder::adopt_all(Instant now) {
  if (!devices_.complete()) return;
  take_restored(now);
  for (auto& [id, dc] : dcs_.all()) adopt(id, dc, now);
  leave_broken(now);
}

// After a restart each name takes the device that it had, before any takes what it merely could mean.
void Finder::take_restored(Instant now) {
  for (auto& [tid, name] : std::exchange(had_devices_, {})) {
    const Dc* known = find(tid);
    if (known == nullptr || known->device) continue;
    for (const Device* device : devices_.matching(tid, ControllerKind::discovery))
      if (device->ref.name == name && !device->state.starts_with("deleting")) take(dcs_.id_of(tid), *device, now);
  }
}

// A name whose connection is down, and stays with other names, goes over to one that works.
void Finder::leave_broken(Instant now) {
  for (auto& [device_name, broken] : connections_) {
    if (broken.live || broken.op != Dc::Op::none || broken.names.size() < 2) continue;
    for (const NameId id : std::set<NameId>(broken.names)) {
      Dc& dc = *dcs_.find(id);
      if (dc.op != Dc::Op::none || !dc.verdict.stays() || broken.names.size() < 2) continue;
      for (const Device* device : devices_.matching(dc.tid, ControllerKind::discovery)) {
        Connection* working = connection_of(device->ref);
        if (working == nullptr || !working->live || working->op == Dc::Op::disconnect || is_guess(*device, dc.tid))
          continue;
        broken.names.erase(id);
        broken.guessed.erase(id);
        join(id, dc, *working, now);
        break;
      }
    }
  }
}

// Takes over an existing connection that this name means ("the same controller under another name": unique and
// well-known NQN, with and without interface, regressions 11), if possible one that is ours already.
void Finder::adopt(NameId id, Dc& dc, Instant now) {
  if (dc.device || dc.op != Dc::Op::none || dc.looked == devices_.version()) return;
  // One that leaves has no business with what somebody else connects there, unless it is from before a restart.
  if (!dc.verdict.stays() && (dc.had_connection || !dc.restored())) return;
  // What appears there now is probably the connection of that one; its answer says whose it is.
  if (connecting_to_same(id, dc)) return;
  const Device* found = nullptr;
  auto matching = devices_.matching(dc.tid, ControllerKind::discovery);
  std::stable_partition(matching.begin(), matching.end(),
                        [&](const Device* device) { return !is_guess(*device, dc.tid); });
  for (const Device* device : matching) {
    if (found != nullptr && is_guess(*device, dc.tid) && !is_guess(*found, dc.tid)) break;
    if (device->state.starts_with("deleting")) {
      dc.next_connect = std::max(dc.next_connect, now + timing_.connect.first);  // it is probably gone by then
      continue;
    }
    // One that is parked needs none; what goes, or is being reconnected, would be lost and connected again at once.
    const Connection* present = dc.parked ? connection_of(device->ref) : nullptr;
    const bool leaves = present != nullptr && present->op == Dc::Op::disconnect;
    if (dc.parked && (leaves || device->state != "live")) continue;
    if (found == nullptr || connection_of(device->ref) != nullptr) found = device;
    if (connection_of(found->ref) != nullptr) break;
  }
  if (found == nullptr) {
    dc.looked = devices_.version();
    return;
  }
  take(id, *found, now);
}

// The device exists; whoever has it already shares it.
void Finder::take(NameId id, const Device& found, Instant now) {
  Dc& dc = *dcs_.find(id);
  Connection* connection = connection_of(found.ref);
  const bool known = connection != nullptr;
  if (known)
    report(Level::debug, Topic::none, dc,
           "is the same controller as " + dcs_.find(*connection->names.begin())->tid.to_string());
  else
    connection = &start(Connection(found, dc.tid, timing_, now), now);
  if (is_guess(found, dc.tid)) connection->guessed.insert(id);
  join(id, dc, *connection, now);
  if (known) return;
  report(Level::info, Topic::connected, dc, "Connection established! (existing connection adopted)",
         Reason::last_known);
}

// Whatever had the name of its device before is gone, whether or not its end was heard of.
Connection& Finder::start(Connection connection, Instant now) {
  const std::string name = connection.device.name;
  if (const auto before = connections_.find(name); before != connections_.end())
    lost_devices({before->second.device}, now, false);
  return connections_.insert_or_assign(name, std::move(connection)).first->second;
}

// The connection is what this name means. From now on it shows what is known over it.
void Finder::join(NameId id, Dc& dc, Connection& connection, Instant now) {
  connection.names.insert(id);
  dc.device = connection.device;
  dc.had_connection = true;
  dc.works = connection.live;
  dc.parked = false;
  dc.attempts = 0;
  dc.failing_since = kNever;
  dc.failure_told = false;
  dc.last_error.clear();
  dc.announced.lost_since = kNever;
  const bool better = shows_newer(dc, connection.page) ||
                      (connection.page.skipped > 0 && dc.page_known && dc.entries != connection.page.entries);
  dc.page_fresh = connection.fresh() && !better;
  names_.reached(dc.host_name, dc.tid.traddr());
  save_ = true;
  const Page shown{dc.page_known, dc.genctr, dc.entries, dc.skipped, dc.page_at};
  connection.know_before(shown);
  if (!connection.page.known) connection.expect(listed_there(dc));
  dirty_ = true;
  if (!connection.page.known) return;
  // It was read later than that, or that has entries that cannot be used and may be what this name shows: to be read
  // again, with what is known by now (law 2).
  if (better && !connection.guessed.contains(id)) connection.know_better(shown, now);
  for (const NameId name : connection.names)
    if (name != id || !better) show_page(name, connection, false);
}

// What another name of this controller showed before it was lost: a target that has just come back lists nothing yet,
// whatever it is called.
Entries Finder::listed_there(const Dc& dc) const {
  for (const Dc& other : dcs_)
    if (other.page_known && !other.serves() && other.tid != dc.tid && same_place(other.tid, dc.tid) &&
        other.tid.host_nqn() == dc.tid.host_nqn() && may_be_one(other.tid, dc.tid))
      return other.entries;
  return {};
}

void Finder::step_name(NameId id, Dc& dc, Instant now) {
  if (dc.op != Dc::Op::none || dc.device) return;
  if (!dc.verdict.stays()) {
    if (is_due(dc, now) && !connecting_to_same(id, dc)) remove(id);
    return;
  }
  if (!devices_.complete() || !dc.verdict.connects) return;
  if (connecting_to_same(id, dc)) return;
  if (now < dc.next_connect) return wake(dc.next_connect);
  order_connect(id, dc, now);
}

bool Finder::connecting_to_same(NameId id, const Dc& dc) {
  const auto it = connecting_.find(goes_to(dc.tid));
  return it != connecting_.end() && std::any_of(it->second.begin(), it->second.end(), [&](NameId other) {
           const Dc* known = dcs_.find(other);
           return other != id && known != nullptr && may_be_one(known->tid, dc.tid);
         });
}

void Finder::remove(NameId id) {
  const Dc& dc = *dcs_.find(id);
  report(Level::info, Topic::removed, dc, "Removed: " + std::string(to_text(dc.verdict.reason)), dc.verdict.reason);
  removed_ = save_ = true;
  note_ended(dc.tid);
  outdate_others(dc);
  dcs_.erase(id);
}

// Its page was newer than what another name of this controller shows, which cannot be read now: that one says nothing
// about what the newer one listed (law 2).
void Finder::outdate_others(const Dc& gone) {
  if (!gone.page_read || gone.page_at == kNever) return;
  for (auto& [id, dc] : dcs_.all())
    if (dc.tid != gone.tid && same_place(dc.tid, gone.tid) && !dc.serves() && dc.page_at < gone.page_at &&
        dc.entries != gone.entries)
      dc.page_read = false;
}

}  // namespace stas
