// SPDX-License-Identifier: Apache-2.0
//
// Finder: one round of advance(), and the orders it gives.
#include <algorithm>
#include <set>
#include <utility>

#include "libstas/core/brain/configured.h"
#include "libstas/core/discovery/dim.h"
#include "libstas/core/identity/nqn.h"
#include "stafd/finder.h"

namespace stas {

namespace {

constexpr unsigned kRounds = kMaxReferralDepth + 2;  // of reconcile() within one advance(): a new name may adopt a
                                                     // connection, whose page refers to others, and so on

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
void Finder::leave_alone(const Connection& connection, const std::string& why) {
  const std::string device = connection.device.name;
  report(Level::info, Topic::let_go, connection, "Not wanted any more; the connection stays, as " + why);
  for (const NameId id : std::set<NameId>(connection.names)) remove(id);
  connections_.erase(device);
}

// Found here, and down since: it may leave this host another way than the names say that have only just been given up.
bool Finder::is_perhaps_others(const Connection& connection) const {
  return !connection.ours && std::ranges::all_of(connection.names, [&](NameId id) {
    return connection.guessed.contains(id) && !dcs_.find(id)->restored();
  });
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
