// SPDX-License-Identifier: Apache-2.0
//
// Finder: what each event changes. Operations that have ended are in results.cpp.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "libstas/core/base/overloaded.h"
#include "libstas/core/brain/configured.h"
#include "libstas/core/discovery/aen.h"
#include "stafd/finder.h"

namespace stas {

void Finder::handle(Event event, Instant now) {
  std::visit(
      Overloaded{[&](OpDone& e) { on_op_done(std::move(e), now); },
                 [&](DeviceSeen& e) { on_device_seen(e.device, now); },
                 [&](DeviceGone& e) { lost_devices(devices_.gone(e.ref), now, false); },
                 [&](DevicesScanned& e) { on_scanned(std::move(e), now); },
                 [&](DeviceReconnected& e) { on_reconnected(e, now); }, [&](AenReceived& e) { on_aen(e, now); },
                 [&](InterfacesSeen& e) { on_interfaces(e, now); }, [&](Resumed&) { on_resumed(now); },
                 [&](Resolved& e) { on_resolved(e, now); }, [&](MdnsChanged& e) { on_mdns(std::move(e)); },
                 [&](StafdConfigured& e) { on_configured(e, now); }, [&](HostExclusionsRead& e) { on_exclusions(e); },
                 [&](Trouble& e) { report_once(Level::warning, Topic::none, std::move(e.text)); },
                 [&](Stop&) { stopping_ = true; }, [](auto&) { /* facts that concern stacd */ }},
      event);
}

void Finder::on_configured(const StafdConfigured& event, Instant now) {
  const bool reload = config_ != nullptr;
  const bool other_id = reload && host_->nqn == event.host->nqn && host_->id != event.host->id;
  if (!reload) started_ = now;
  configured_at_ = now;
  host_ = event.host;
  config_ = with_exclusions(event.config, exclusions_, host_->id);
  names_.set_names(host_names(*config_));
  told_.clear();
  dirty_ = true;
  if (other_id) report_once(Level::warning, Topic::host_changed, told_host_id(*host_));
  if (!reload) return;
  // A reload reads everything again, and tells central controllers the symbolic name (decisions, "Also").
  for (auto& [name, connection] : connections_) {
    connection.resync();
    connection.tell_again();
  }
  for (auto& [id, dc] : dcs_.all())
    if (!dc.connected()) dc.next_connect = std::min(dc.next_connect, now);
}

void Finder::on_exclusions(const HostExclusionsRead& event) {
  exclusions_ = event.list;
  if (config_ == nullptr) return;
  config_ = with_exclusions(config_, exclusions_, host_->id);
  dirty_ = true;
}

void Finder::on_interfaces(const InterfacesSeen& event, Instant now) {
  if (devices_.set_interfaces(event.interfaces)) on_hint(now);
}

// Time went on while our clock stood still, so a parked one may be due.
void Finder::on_resumed(Instant now) {
  on_hint(now);
  for (auto& [id, dc] : dcs_.all())
    if (dc.parked) dc.next_connect = std::min(dc.next_connect, now);
}

// What could not be reached perhaps can now. Its failure was told; hints that come often must not make a storm.
void Finder::on_hint(Instant now) {
  names_.hint(now);
  for (auto& [id, dc] : dcs_.all()) {
    if (dc.reachable()) continue;
    dc.connect_backoff.reset();
    dc.next_connect = std::min(dc.next_connect, std::max(now, dc.last_attempt + timing_.connect.first));
  }
}

void Finder::on_mdns(MdnsChanged event) {
  mdns_ = std::move(event);
  dirty_ = true;
}

bool Finder::connected_to(const std::string& name, const std::string& address) const {
  return std::any_of(dcs_.begin(), dcs_.end(), [&](const Dc& dc) {
    return dc.reachable() && dc.host_name == name && dc.tid.traddr() == address;
  });
}

void Finder::on_resolved(const Resolved& event, Instant now) {
  if (!config_) return;
  const bool known = names_.address(event.name).has_value();
  const bool changed = names_.answered(
      event, config_->families, now, [&](const std::string& address) { return connected_to(event.name, address); },
      out_);
  if (changed) save_ = true;
  if (changed || !known) dirty_ = true;
}

// Before the devices know the news.
void Finder::tell_link(const Device& device) {
  const Link link = devices_.link_change(device);
  const Connection* connection = link == Link::unchanged ? nullptr : connection_of(device.ref);
  if (connection == nullptr) return;
  if (link == Link::lost && connection->op == Dc::Op::disconnect) return;
  if (link == Link::lost)
    report(Level::warning, Topic::link_lost, *connection,
           "Connection lost; trying to reconnect, the log page stays known");
  else
    report(Level::info, Topic::link_restored, *connection, "Connection restored");
}

void Finder::on_device_seen(const Device& device, Instant now) {
  tell_link(device);
  lost_devices(devices_.seen(device), now, false);
  Connection* connection = connection_of(device.ref);
  if (connection != nullptr && connection->op != Dc::Op::disconnect) refresh(*connection, device, now);
  check_guesses(device, now);
}

void Finder::refresh(Connection& connection, const Device& device, Instant now) {
  connection.refresh(device, now);
  note_state(connection);
}

// What desire() looks at: a name whose connection is down, or was and has not been read since, replaces nothing.
void Finder::note_state(const Connection& connection) {
  for (const NameId id : connection.names) {
    Dc& dc = *dcs_.find(id);
    const bool fresh = dc.page_fresh && connection.fresh();  // true again when the page is shown
    if (dc.works == connection.live && dc.page_fresh == fresh) continue;
    dc.works = connection.live;
    dc.page_fresh = fresh;
    dirty_ = true;
  }
}

// It was adopted while nobody could tell how it leaves this host, and now it shows.
void Finder::check_guesses(const Device& device, Instant now) {
  Connection* connection = connection_of(device.ref);
  if (connection == nullptr) return;
  for (auto it = connection->guessed.begin(); it != connection->guessed.end();) {
    const NameId id = *it;
    Dc& dc = *dcs_.find(id);
    if (is_guess(device, dc.tid)) {
      ++it;
      continue;
    }
    it = connection->guessed.erase(it);
    if (matches(device, dc.tid, ControllerKind::discovery, devices_.interfaces())) continue;
    report(Level::info, Topic::none, dc, "is not this controller: it leaves this host another way");
    connection->names.erase(id);
    dc.device.reset();
    dc.works = dc.page_fresh = false;
    dc.next_connect = now;
    dirty_ = true;
  }
  if (connection->names.empty()) connections_.erase(device.ref.name);
}

void Finder::on_scanned(DevicesScanned scanned, Instant now) {
  for (const auto& device : scanned.devices) tell_link(device);
  lost_devices(devices_.scanned(std::move(scanned.devices)), now, true);
  dirty_ = true;
  std::vector<DeviceRef> lost;
  for (auto& [name, connection] : connections_) {
    if (const Device* device = devices_.find(connection.device); device != nullptr) {
      refresh(connection, *device, now);
      // A lost AEN would also be the last one: no other comes before the page was read.
      if (scanned.events_lost && connection.live) connection.missed_events(now);
      note_state(connection);
    } else if (now - connection.bound_at >= timing_.settle) {
      lost.push_back(connection.device);
    }
  }
  lost_devices(lost, now, false);
  for (const auto& [name, device] : devices_.all()) check_guesses(device, now);
}

void Finder::lost_devices(const std::vector<DeviceRef>& refs, Instant now, bool from_scan) {
  for (const auto& ref : refs) {
    const Connection* connection = connection_of(ref);
    if (connection == nullptr) continue;
    // The scan may have begun before the connect ended.
    if (from_scan && now - connection->bound_at < timing_.settle) continue;
    report(Level::info, Topic::gone, *connection, "Received \"remove\" event");
    lose(ref, now, false);
  }
}

// The device is gone; its names keep the page. A connection that was up for a while is tried again soon, one that comes
// and goes ever later. `meant`: we cut it.
void Finder::lose(const DeviceRef& ref, Instant now, bool meant) {
  const Connection* connection = connection_of(ref);
  if (connection == nullptr) return;
  const bool steady = connection->fresh() && now - connection->live_since >= timing_.steady;
  for (const NameId id : connection->names) {
    Dc& dc = *dcs_.find(id);
    dc.device.reset();
    dc.works = false;
    dc.parked = connection->parking;
    dc.page_fresh = dc.page_fresh && dc.parked;
    dc.attempts = 0;
    if (steady || meant) dc.connect_backoff.reset();
    dc.next_connect = now + (dc.parked ? connection->jittered(timing_.parked)
                             : meant   ? Duration::zero()
                             : steady  ? timing_.connect.first
                                       : dc.connect_backoff.fail());
    track_lost(dc, now);
  }
  connections_.erase(ref.name);
  dirty_ = save_ = true;
}

void Finder::on_reconnected(const DeviceReconnected& event, Instant now) {
  if (Connection* connection = connection_of(event.ref); connection != nullptr) {
    connection->reconnected(now);
    note_state(*connection);
  } else if (event.rediscover) {
    note_foreign(event.ref, "\"rediscover\" event");
  }
}

void Finder::on_aen(const AenReceived& event, Instant now) {
  char value[16];
  std::snprintf(value, sizeof value, "0x%06x", event.value);
  Connection* connection = connection_of(event.ref);
  if (connection == nullptr) {
    if (event.value == kAenDiscoveryLogChanged)
      note_foreign(event.ref, std::string("AEN: Change of Discovery Log Page (") + value + ")");
    return;
  }
  // A controller may send any number of them: one line per second.
  if (connection->aen_told != Instant{} && now - connection->aen_told < timing_.aen_gap_last) {
    ++connection->aens_untold;
  } else {
    connection->aen_told = now;
    report(Level::info, Topic::notified, *connection, std::string("Received AEN: ") + value);
  }
  if (event.value == kAenDiscoveryLogChanged) connection->aen(now);
}

// A discovery controller that nobody of ours has; it may be ours in a moment (step_foreign()).
void Finder::note_foreign(const DeviceRef& ref, std::string news) {
  const Device* device = devices_.find(ref);
  if (device == nullptr || device->transport != "tcp" || !is_kind(*device, ControllerKind::discovery)) return;
  foreign_[device->ref].news = std::move(news);
}

// mDNS controllers that went silent: compatibility contract 5.12.
void Finder::track_lost(Dc& dc, Instant now) {
  if (!dc.announced || dc.announced.present() || dc.reachable()) {
    dc.announced.lost_since = kNever;
    return;
  }
  if (dc.announced.lost_since != kNever || !config_) return;
  if (config_->zeroconf && !mdns_.available) return;  // nobody can say that it is gone
  dc.announced.lost_since = now;
  dirty_ = true;
  if (dc.origin != Origin::discovered) return;
  if (!config_->zeroconf_persistence)
    return report(Level::info, Topic::dc_lost, dc, "Controller not responding. Retrying...");
  report(Level::info, Topic::dc_lost, dc,
         "Controller is not responding. Will be removed by " + std::string(kByTime) + " unless restored");
  std::get<Report>(out_.back()).by = lost_deadline(dc);
}

}  // namespace stas
