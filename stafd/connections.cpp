// SPDX-License-Identifier: Apache-2.0
//
// Finder: what is next for each connection: an operation, its end, or another name to go under. What nobody of ours has
// goes on to nvme-cli.
#include <algorithm>
#include <utility>

#include "libstas/core/brain/nvmf_connect.h"
#include "stafd/finder.h"
#include "stafd/parking.h"

namespace stas {

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
    if (const std::string owner = owner_of(connection); !owner.empty())
      return leave_alone(connection, "it belongs to " + owner);
    if (is_perhaps_others(connection)) return leave_alone(connection, "nobody knows whether it was meant");
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

}  // namespace stas
