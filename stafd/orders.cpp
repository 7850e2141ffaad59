// SPDX-License-Identifier: Apache-2.0
//
// Finder: the one next operation of each name and each connection.
#include <algorithm>
#include <utility>

#include "libstas/core/brain/configured.h"
#include "libstas/core/brain/nvmf_connect.h"
#include "libstas/core/discovery/dim.h"
#include "libstas/core/identity/nqn.h"
#include "stafd/finder.h"
#include "stafd/parking.h"

namespace stas {

namespace {

constexpr unsigned kRounds = kMaxReferralDepth + 2;  // of reconcile() within one advance(): a new name may adopt a
                                                     // connection, whose page refers to others, and so on

// May one connection be what both names mean, as far as the names say?
bool may_be_one(const Tid& a, const Tid& b) {
  const auto fits = [](const std::string& x, const std::string& y) { return x.empty() || y.empty() || x == y; };
  const auto well_known = [](const Tid& tid) { return tid.subsysnqn() == kWellKnownDiscoveryNqn; };
  return fits(a.host_iface(), b.host_iface()) && fits(a.host_traddr(), b.host_traddr()) &&
         (a.subsysnqn() == b.subsysnqn() || well_known(a) || well_known(b));
}

}  // namespace

void Finder::tell_settled() {
  const bool asked_early = std::exchange(settled_asked_early_, false);
  const bool settled = config_ && is_settled();
  if (std::exchange(settled_told_, settled) != settled || (settled && asked_early)) out_.push_back(NotifySettled{});
}

Actions Finder::advance(Instant now) {
  deadline_ = kNever;
  if (config_) {
    if (!stopping_) {
      adopt_all(now);  // whether a name is connected is a fact of desire()
      // A new name may adopt a connection, whose page may refer to others.
      for (unsigned round = 0; round < kRounds && (dirty_ || now >= judge_at_); ++round) {
        reconcile(now);
        adopt_all(now);
        for (auto& [name, connection] : connections_) hand_over(connection, now);
      }
    }
    for (auto it = connections_.begin(); it != connections_.end();) step_connection((it++)->second, now);
    if (!stopping_) {
      for (auto it = dcs_.all().begin(); it != dcs_.all().end();) {
        const auto id = it->first;
        step_name(id, (it++)->second, now);  // may remove it
      }
      step_foreign(now);
      names_.advance(now, out_);
      wake(judge_at_);
      wake(names_.deadline());
    }
    if (dirty_ && !stopping_) wake(now);
  }
  if (removed_) out_.push_back(NotifyDcRemoved{});
  if (save_) out_.push_back(SaveLastKnown{});
  removed_ = save_ = false;
  tell_settled();
  return std::exchange(out_, {});
}

// The evidence is weighed at the end of the soak: reconcile() runs at not_before.
bool Finder::is_due(const Dc& dc, Instant now) const { return !dc.verdict.stays() && now >= dc.verdict.not_before; }

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
  // One that leaves, and had its connection, has no business with what somebody else connects there.
  if (dc.had_connection && !dc.verdict.stays()) return;
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

void Finder::step_connection(Connection& connection, Instant now) {
  if (connection.aens_untold > 0) {
    const Instant at = connection.aen_told + timing_.aen_gap_last;
    if (now >= at) {
      report(Level::info, Topic::notified, connection,
             "Received " + std::to_string(connection.aens_untold) + " more AENs");
      connection.aens_untold = 0;
      connection.aen_told = now;
    } else {
      wake(at);
    }
  }
  if (connection.op != Dc::Op::none) return;
  if (stopping_) {
    if (!config_->persistent_connections && owner_of(connection).empty())
      order_disconnect(connection, now, Reason::stopping);
    return;
  }
  // Names that go. When all do, the connection goes first.
  if (all_due(connection, now)) {
    if (const std::string owner = owner_of(connection); !owner.empty()) return leave_alone(connection, owner);
    if (!connect_may_answer_with(connection.device))
      order_disconnect(connection, now, dcs_.find(*connection.names.begin())->verdict.reason);
    return;
  }
  // As long as nobody knows for sure that it is what the others mean, it stays what those mean that go.
  const bool all_guess = std::all_of(connection.names.begin(), connection.names.end(), [&](NameId id) {
    return connection.guessed.contains(id) || is_due(*dcs_.find(id), now);
  });
  for (auto it = connection.names.begin(); it != connection.names.end();) {
    const NameId id = *it;
    const Dc& dc = *dcs_.find(id);
    if (!is_due(dc, now) || dc.op != Dc::Op::none || (all_guess && !connection.guessed.contains(id))) {
      ++it;
      continue;
    }
    it = connection.names.erase(it);
    connection.guessed.erase(id);
    remove(id);
  }
  const auto op = connection.next(now, config_->pleo);
  if (op != Dc::Op::none) return order(connection, op, now);
  if (is_to_be_parked(connection)) return park(connection, now);
  wake(connection.deadline(config_->pleo));
}

// Only what this process has made itself: nobody asked for the end of another connection.
bool Finder::is_to_be_parked(const Connection& connection) {
  return connection.ours && connection.live && connection.reading == Connection::Reading::current &&
         owner_of(connection).empty() && std::all_of(connection.names.begin(), connection.names.end(), [&](NameId id) {
           const Dc& dc = *dcs_.find(id);
           return takes_no_persistence(connection.page.entries, dc.tid, connection.dctype);
         });
}

void Finder::park(Connection& connection, Instant now) {
  if (now >= connection.next_disconnect && !std::exchange(connection.parking, true) && !connection.polling &&
      connection.disconnect_backoff.failures() == 0)
    report(Level::info, Topic::none, connection,
           "It takes no persistent connections (EPCSD=0 in its log page): parked, and read again every " +
               std::to_string(std::chrono::duration_cast<std::chrono::minutes>(timing_.parked).count()) + " minutes");
  order_disconnect(connection, now, Reason::parked);
}

// A name that stays means this connection too, and has one that does not work: that one goes instead. The names change
// their places.
void Finder::hand_over(Connection& leaving, Instant now) {
  const Device* device =
      leaving.live && leaving.op == Dc::Op::none && !leaving.names.empty() ? devices_.find(leaving.device) : nullptr;
  if (device == nullptr || !all_due(leaving, now)) return;
  for (auto& [name, broken] : connections_) {
    if (&broken == &leaving || broken.live || broken.op != Dc::Op::none) continue;
    const auto heir = std::find_if(broken.names.begin(), broken.names.end(), [&](NameId id) {
      const Dc& dc = *dcs_.find(id);
      return dc.verdict.stays() && dc.op == Dc::Op::none &&
             matches(*device, dc.tid, ControllerKind::discovery, devices_.interfaces());
    });
    if (heir == broken.names.end()) continue;
    const NameId id = *heir;
    broken.names.erase(heir);
    broken.guessed.erase(id);
    if (broken.names.empty()) {
      broken.names = std::exchange(leaving.names, {});
      for (const NameId due : broken.names) {
        dcs_.find(due)->device = broken.device;
        dcs_.find(due)->works = false;
      }
    }
    report(Level::info, Topic::connected, *dcs_.find(id), "Took over the connection " + leaving.device.name);
    return join(id, *dcs_.find(id), leaving, now);
  }
}

bool Finder::all_due(const Connection& connection, Instant now) {
  return std::all_of(connection.names.begin(), connection.names.end(),
                     [&](NameId id) { return is_due(*dcs_.find(id), now); });
}

// The answer to a connect of another name may be this very connection (regressions 40), or a name that means it waits
// for such an answer.
bool Finder::connect_may_answer_with(const DeviceRef& ref) {
  const Device* device = devices_.find(ref);
  if (device == nullptr) return false;
  for (const auto& [id, dc] : dcs_.all())
    if (!dc.device && dc.op == Dc::Op::none && dc.verdict.stays() && connecting_to_same(id, dc) &&
        matches(*device, dc.tid, ControllerKind::discovery, devices_.interfaces()))
      return true;
  return std::any_of(in_flight_.begin(), in_flight_.end(), [&](const auto& item) {
    const Dc* dc = item.second.op == Dc::Op::connect ? dcs_.find(item.second.name) : nullptr;
    return dc != nullptr && matches(*device, dc->tid, ControllerKind::discovery, devices_.interfaces());
  });
}

// Compatibility contract 5.14: what others connected goes on to nvme-cli, whose udev rule stacd may have taken away.
// For other transports than TCP that rule is still there.
void Finder::step_foreign(Instant now) {
  if (!devices_.complete()) return;
  for (auto it = foreign_.begin(); it != foreign_.end();) {
    auto& [ref, foreign] = *it;
    const Device* device = devices_.find(ref);
    if (device == nullptr || connection_of(ref) != nullptr || (foreign.news.empty() && now >= foreign.not_before)) {
      it = foreign_.erase(it);
      continue;
    }
    ++it;
    // The answer to a connect of ours may be on its way: it reads the page itself then.
    if (foreign.news.empty() || connect_may_answer_with(ref)) continue;
    if (now < foreign.not_before) {
      wake(foreign.not_before);
      continue;
    }
    out_.push_back(Report{Level::info, std::nullopt, ref.name, ref.name + " - Received " + foreign.news, Reason::none,
                          kNever, Topic::notified});
    foreign.news.clear();
    foreign.not_before = now + timing_.forward;
    if (auto unit = nvmf_connect_unit(*device)) out_.push_back(LeaveToNvmeCli{ref.name, std::move(*unit)});
  }
}

OpId Finder::fly(Dc::Op op, NameId name, const DeviceRef& device) {
  const OpId id = next_op_++;
  in_flight_.emplace(id, InFlight{op, name, device});
  dcs_.find(name)->op = op;
  return id;
}

HostIdentity Finder::host_for(const Dc& dc) const {
  ControllerLine line;
  line.host_id = dc.host_id;
  HostIdentity host = identity_for(*host_, dc.tid, dc.host_id ? &line : nullptr);
  // A connection has the identity it was made with.
  const Device* device = dc.device ? devices_.find(*dc.device) : nullptr;
  if (device != nullptr && !device->hostid.empty() && dc.tid.host_nqn() != host_->nqn) host.id = device->hostid;
  return host;
}

void Finder::order_connect(NameId id, Dc& dc, Instant now) {
  ++dc.attempts;
  dc.last_attempt = now;
  dc.connect_track.begin();
  connecting_[goes_to(dc.tid)].insert(id);
  out_.push_back(Connect{fly(Dc::Op::connect, id, {}), dc.tid, ControllerKind::discovery, dc.options, host_for(dc),
                         dc.verdict.reason, !dc.failure_told, names_.others(dc.host_name, dc.tid.traddr())});
}

// Who else it belongs to, by the registry of nvme-cli; "" nobody.
std::string Finder::owner_of(const Connection& connection) const {
  const Device* device = devices_.find(connection.device);
  return device == nullptr ? std::string() : device->owner;
}

// Its names go, and it stays as it is.
void Finder::leave_alone(const Connection& connection, const std::string& owner) {
  const std::string device = connection.device.name;
  report(Level::info, Topic::let_go, connection,
         "Not wanted any more; the connection stays, as it belongs to " + owner);
  for (const NameId id : std::set<NameId>(connection.names)) remove(id);
  connections_.erase(device);
}

// Does it lose a host that has registered, with nobody else of ours left there? A controller that is reached at several
// addresses has one registry, and takes away what it lists for whoever leaves; only an NQN of its own tells whether two
// are the same.
bool Finder::is_last_of_registry(const Connection& leaving) const {
  const Device* device = devices_.find(leaving.device);
  return device != nullptr && std::none_of(connections_.begin(), connections_.end(), [&](const auto& item) {
           const Device* other = &item.second == &leaving ? nullptr : devices_.find(item.second.device);
           return other != nullptr &&
                  (other->subsysnqn == device->subsysnqn || other->subsysnqn == kWellKnownDiscoveryNqn ||
                   device->subsysnqn == kWellKnownDiscoveryNqn);
         });
}

void Finder::order_disconnect(Connection& connection, Instant now, Reason reason) {
  if (now < connection.next_disconnect) return wake(connection.next_disconnect);  // an earlier one failed
  if (reason != Reason::parked && connection.knows_us() && is_last_of_registry(connection))
    return order(connection, Dc::Op::deregister, now);
  // Under a name that is known to mean it.
  const auto sure = std::ranges::find_if(connection.names, [&](NameId id) { return !connection.guessed.contains(id); });
  const NameId name = sure == connection.names.end() ? *connection.names.begin() : *sure;
  const Dc& dc = *dcs_.find(name);
  if (dc.op != Dc::Op::none) return;
  const bool quiet = connection.parking || connection.disconnect_backoff.failures() > 0;
  report(quiet ? Level::debug : Level::info, Topic::disconnecting, dc,
         "Disconnect initiated: " + std::string(to_text(reason)), reason);
  const OpId id = fly(Dc::Op::disconnect, name, connection.device);
  connection.begin(Dc::Op::disconnect, id, now);
  out_.push_back(Disconnect{id, dc.tid, connection.device, reason});
}

void Finder::order(Connection& connection, Dc::Op op, Instant now) {
  // Any name will do that has nothing else in flight.
  const auto speaker = std::find_if(connection.names.begin(), connection.names.end(),
                                    [&](NameId id) { return dcs_.find(id)->op == Dc::Op::none; });
  if (speaker == connection.names.end()) return;
  const Dc& dc = *dcs_.find(*speaker);
  std::string registration;
  if (op == Dc::Op::register_ || op == Dc::Op::deregister) {
    auto data = dim_host_entry(host_for(dc), dc.tid.ip() ? dc.tid.ip()->family() : IpFamily::v4);
    if (!data) {
      connection.begin(op, 0, now);  // not again
      connection.end(op);
      connection.deregistered();
      report(Level::error, Topic::registration_failed, connection,
             "Failed to register with Discovery Controller. " + data.error().text);
      return step_connection(connection, now);
    }
    registration = std::move(*data);
  }
  const bool pleo = connection.with_pleo(config_->pleo);
  const OpId id = fly(op, *speaker, connection.device);
  connection.begin(op, id, now);
  for (const NameId name : connection.names)
    if (OpTrack* going = track(*dcs_.find(name), op)) going->begin();
  if (op == Dc::Op::register_)
    out_.push_back(
        Register{id, dc.tid, connection.device, std::move(registration), DimTask::register_, connection.dctype_untold});
  else if (op == Dc::Op::deregister)
    out_.push_back(Register{id, dc.tid, connection.device, std::move(registration), DimTask::deregister});
  else if (op == Dc::Op::supported)
    out_.push_back(FetchSupported{id, dc.tid, connection.device});
  else
    out_.push_back(FetchLogPage{id, dc.tid, connection.device, pleo, connection.trusted_genctr()});
}

}  // namespace stas
