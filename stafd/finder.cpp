// SPDX-License-Identifier: Apache-2.0
//
// Finder: what is remembered, facts, and results of operations.
#include "stafd/finder.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "libstas/core/brain/configured.h"

#include "libstas/core/config/filter.h"
#include "libstas/core/discovery/aen.h"

namespace stas {

// --- state -----------------------------------------------------------------------------------------------------------

void Finder::restore(const KnownStafd& known) {
  names_.restore(known.resolved);
  for (const auto& tid : known.ended) note_ended(tid);
  for (const auto& saved : known.dcs) {
    if (dcs_.size() >= kMaxDcs || by_tid_.contains(saved.tid)) continue;
    auto& dc = dcs_.emplace_back(saved.tid, timing_);
    by_tid_.emplace(saved.tid, &dc);
    dc.origin = parse_origin(saved.origin).value_or(Origin::discovered);
    dc.announced = dc.origin == Origin::discovered;
    dc.page_known = saved.page_known;
    dc.genctr = saved.genctr.value_or(0);
    dc.entries = saved.entries;
  }
}

KnownStafd Finder::last_known() const {
  KnownStafd known;
  known.resolved = names_.last_good();
  known.ended = ended_;
  for (const auto& dc : dcs_)
    // An announced one that is referred to as well is remembered by what does not depend on others.
    known.dcs.push_back(
        {dc.tid, std::string(to_text(dc.announced && dc.origin == Origin::referral ? Origin::discovered : dc.origin)),
         dc.page_known, dc.page_known ? std::optional(dc.genctr) : std::nullopt, dc.entries});
  return known;
}

const Dc* Finder::find(const Tid& tid) const {
  const auto it = by_tid_.find(tid);
  return it == by_tid_.end() ? nullptr : it->second;
}

Dc* Finder::owner_of(const DeviceRef& ref) {
  for (auto& dc : dcs_)
    if (dc.device && dc.device->name == ref.name && (ref.incarnation == 0 || dc.device->incarnation == ref.incarnation))
      return &dc;
  return nullptr;
}

HostIdentity Finder::host_for(const Tid& tid) const {
  HostIdentity host = *host_;
  if (!tid.host_nqn().empty()) host.nqn = tid.host_nqn();
  return host;
}

void Finder::report(Level level, const Dc& dc, std::string text, Reason reason) {
  const std::string device = dc.device ? dc.device->name : "nvme?";
  out_.push_back(Report{level, dc.tid, device, dc.tid.to_string() + " | " + device + " - " + std::move(text), reason});
}

Instant Finder::lost_deadline(const Dc& dc) const {
  if (dc.lost_since == kNever || !config_ || !config_->zeroconf_persistence) return kNever;
  return dc.lost_since + *config_->zeroconf_persistence;
}

Instant Finder::soak_deadline() const {
  Instant first = kNever;
  for (const auto& dc : dcs_)
    if (!dc.wanted) first = std::min(first, dc.unwanted_since + timing_.soak);
  return first;
}

bool Finder::stopped() const {
  if (!stopping_) return false;
  return std::none_of(dcs_.begin(), dcs_.end(), [&](const Dc& dc) {
    return dc.op != Dc::Op::none || (dc.device && config_ && !config_->persistent_connections);
  });
}

// --- facts -----------------------------------------------------------------------------------------------------------

void Finder::handle(const Event& event, Instant now) {
  std::visit([&](const auto& e) { on(e, now); }, event);
}

void Finder::on(const StafdConfigured& event, Instant now) {
  const bool reload = config_ != nullptr;
  const bool host_changed = reload && (host_->symname != event.host->symname);
  if (!reload) started_ = now;
  config_ = event.config;
  host_ = event.host;
  names_.want(host_names(*config_));
  told_.clear();
  dirty_ = true;
  if (!reload) return;
  for (auto& dc : dcs_) {
    if (!dc.connected()) {
      dc.next_connect = std::min(dc.next_connect, now);
      continue;
    }
    // A reload re-reads everything, and tells central controllers a changed symbolic name (decisions, "Also").
    dc.resync();
    if (host_changed) dc.registered = false;
  }
}

void Finder::on(const Stop&, Instant) { stopping_ = true; }

void Finder::on(const InterfacesSeen& event, Instant now) {
  if (!devices_.set_interfaces(event.interfaces)) return;
  // What could not be reached perhaps can now. Its failure was told; interfaces that flap must not make a storm.
  for (auto& dc : dcs_) {
    if (dc.connected()) continue;
    dc.connect_backoff.reset();
    dc.next_connect = std::min(dc.next_connect, std::max(now, dc.last_attempt + timing_.connect.first));
  }
}

void Finder::on(const MdnsChanged& event, Instant) {
  mdns_ = event;
  dirty_ = true;
}

bool Finder::connected_to(const std::string& address) const {
  return std::any_of(dcs_.begin(), dcs_.end(),
                     [&](const Dc& dc) { return dc.connected() && dc.tid.traddr() == address; });
}

void Finder::on(const Resolved& event, Instant now) {
  if (!config_) return;
  const bool known = names_.address(event.name).has_value();
  if (names_.answered(
          event, config_->families, now, [&](const std::string& address) { return connected_to(address); }, out_)) {
    dirty_ = true;
    save_ = true;
  }
  if (!known) dirty_ = true;
}

// Before the devices know the news.
void Finder::tell_link(const Device& device) {
  const Link link = devices_.link_change(device);
  const Dc* dc = link == Link::unchanged ? nullptr : owner_of(device.ref);
  if (dc == nullptr || dc->op == Dc::Op::disconnect) return;
  if (link == Link::lost)
    report(Level::warning, *dc, "Connection lost; trying to reconnect, the log page stays known");
  else
    report(Level::info, *dc, "Connection restored");
}

void Finder::on(const DeviceSeen& seen, Instant now) {
  tell_link(seen.device);
  lost_devices(devices_.seen(seen.device), now, false);
  Dc* dc = owner_of(seen.device.ref);
  if (dc != nullptr && dc->op != Dc::Op::disconnect) dc->refresh(seen.device);
}

void Finder::on(const DeviceGone& gone, Instant now) { lost_devices(devices_.gone(gone.ref), now, false); }

void Finder::on(const DevicesScanned& scanned, Instant now) {
  for (const auto& device : scanned.devices) tell_link(device);
  lost_devices(devices_.scanned(scanned.devices), now, true);
  for (auto& dc : dcs_) {
    if (!dc.device) continue;
    if (const Device* device = devices_.find(*dc.device); device != nullptr) {
      dc.refresh(*device);
      // A lost AEN would also be the last one: no other comes before the page was read.
      if (scanned.events_lost && dc.live) dc.reconnected();
    } else if (now - dc.bound_at >= timing_.settle) {
      lost_devices({*dc.device}, now, false);
    }
  }
}

void Finder::lost_devices(const std::vector<DeviceRef>& refs, Instant now, bool from_scan) {
  for (const auto& ref : refs) {
    Dc* dc = owner_of(ref);
    if (dc == nullptr) continue;
    if (from_scan && now - dc->bound_at < timing_.settle) continue;  // the scan may have begun before the connect ended
    report(Level::info, *dc, "Received \"remove\" event");
    dc->unbind(now, timing_.connect.first);
    track_lost(*dc, now);
  }
}

void Finder::on(const DeviceReconnected& event, Instant) {
  Dc* dc = owner_of(event.ref);
  if (dc == nullptr) {
    if (event.rediscover) note_foreign(event.ref);
    return;
  }
  dc->reconnected();
}

void Finder::on(const AenReceived& event, Instant) {
  Dc* dc = owner_of(event.ref);
  if (dc == nullptr) {
    if (event.value == kAenDiscoveryLogChanged) note_foreign(event.ref);
    return;
  }
  char text[16];
  std::snprintf(text, sizeof text, "0x%06x", event.value);
  report(Level::info, *dc, std::string("Received AEN: ") + text);
  if (event.value != kAenDiscoveryLogChanged) return;
  dc->page_stale = true;
  dc->next_page = Instant{};
}

// A discovery controller that nobody of ours has; it may be ours in a moment (step_foreign()).
void Finder::note_foreign(const DeviceRef& ref) {
  const Device* device = devices_.find(ref);
  if (device == nullptr || device->transport != "tcp" || !is_kind(*device, ControllerKind::discovery)) return;
  foreign_[device->ref].news = true;
}

// --- results ---------------------------------------------------------------------------------------------------------

void Finder::on(const OpDone& done, Instant now) {
  const auto it = by_op_.find(done.op);
  if (it == by_op_.end()) return;  // its controller is gone: nothing to do
  Dc& dc = *it->second;
  by_op_.erase(it);
  const auto op = dc.op;
  dc.op = Dc::Op::none;
  dc.op_id = 0;

  if (const auto* error = std::get_if<Error>(&done.result); error != nullptr) return on_failure(dc, op, *error, now);
  if (const auto* connected = std::get_if<Connected>(&done.result); connected != nullptr)
    return on_connected(dc, *connected, now);
  if (std::holds_alternative<Disconnected>(done.result)) {
    if (dc.device) devices_.gone(*dc.device);
    dc.unbind(now, Duration::zero());
    return;
  }
  if (const auto* registered = std::get_if<Registered>(&done.result); registered != nullptr) {
    dc.register_track.end(true);
    dc.registered = true;
    if (!registered->refusal.empty() && !dc.refusal_told) {
      dc.refusal_told = true;
      report(Level::warning, dc, "Registration error. " + registered->refusal + ".");
    }
    return;
  }
  if (const auto* supported = std::get_if<SupportedDlp>(&done.result); supported != nullptr) {
    dc.supported_track.end(true);
    dc.supported = *supported;
    return;
  }
  if (const auto* page = std::get_if<LogPage>(&done.result); page != nullptr) on_page(dc, *page, now);
}

void Finder::on_connected(Dc& dc, const Connected& result, Instant now) {
  dc.connect_track.end(true);
  lost_devices(devices_.seen(result.device), now, false);
  // Whoever made a connection has it; two owners would end with one of them cutting the other's.
  if (Dc* other = owner_of(result.device.ref); other != nullptr && other != &dc) other->unbind(now, Duration::zero());
  dc.bind(result.device, now);
  dc.live = true;
  report(Level::info, dc, "Connection established!");
}

void Finder::on_page(Dc& dc, const LogPage& page, Instant now) {
  dc.page_track.end(true);
  dc.page_backoff.reset();
  dc.next_poll = now + timing_.poll;
  if (page.unchanged) return;
  const bool news = !dc.page_known || !dc.page_read_here || dc.entries != page.entries;
  const auto referrals = [](const std::vector<Dlpe>& entries) {
    std::vector<Dlpe> found;
    for (const auto& entry : entries)
      if (entry.subtype == kDlpSubtypeReferral) found.push_back(entry);
    return found;
  };
  if (!dc.page_known || referrals(dc.entries) != referrals(page.entries)) dirty_ = true;
  dc.entries = page.entries;
  dc.genctr = page.genctr;
  dc.page_known = true;
  dc.page_read_here = dc.page_op_current;
  report(Level::info, dc, "Received discovery log pages (num records=" + std::to_string(page.entries.size()) + ").");
  const bool skipped_before = std::exchange(dc.skipped, page.skipped) == page.skipped;
  if (page.skipped > 0)
    report(skipped_before ? Level::debug : Level::warning, dc, left_out_text(page.skipped, page.left_out));
  if (!news) return;
  save_ = true;
  out_.push_back(NotifyLogPagesChanged{dc.tid, dc.device ? dc.device->name : "nvme?"});
}

void Finder::on_failure(Dc& dc, Dc::Op op, const Error& error, Instant now) {
  switch (op) {
    case Dc::Op::none:
      return;
    case Dc::Op::connect: {
      dc.connect_track.end(false);
      dc.next_connect = now + dc.connect_backoff.fail();
      // What mDNS announces may not listen yet (regressions 16): its first failure is only information.
      const bool early = dc.origin == Origin::discovered && dc.attempts < 2;
      const bool quiet = dc.failure_told || error.kind == ErrorKind::cancelled;
      const Level level = quiet ? Level::debug : early ? Level::info : Level::error;
      if (!early) dc.failure_told = true;
      out_.push_back(Report{level, dc.tid, {}, dc.tid.to_string() + " Failed to connect to controller. " + error.text});
      track_lost(dc, now);
      // The address may have moved; the name knows.
      if (names_.failed(dc.tid.traddr(), now, [&](const std::string& address) { return connected_to(address); }))
        dirty_ = save_ = true;
      if (std::any_of(dc.parents.begin(), dc.parents.end(), [&](const Tid& p) { return find(p) != nullptr; }))
        dirty_ = true;
      return;
    }
    case Dc::Op::disconnect:
      if (error.kind == ErrorKind::not_found) {
        if (dc.device) devices_.gone(*dc.device);
        return dc.unbind(now, Duration::zero());
      }
      report(Level::error, dc, "Failed to disconnect. " + error.text);
      dc.next_connect = now + dc.connect_backoff.fail();
      return;
    case Dc::Op::register_:
      dc.register_track.end(false);
      report(dc.register_backoff.failures() == 0 ? Level::error : Level::debug, dc,
             "Failed to register with Discovery Controller. " + error.text);
      dc.next_register = now + dc.register_backoff.fail();
      return;
    case Dc::Op::supported:
      // Without page 00h there is no PLEO, and the log page is read all the same (regressions 3).
      dc.supported_track.end(false);
      dc.supported = SupportedDlp{};
      report(Level::debug, dc, "Failed to Get supported log pages from Discovery Controller. " + error.text);
      return;
    case Dc::Op::page:
      dc.page_track.end(false);
      report(dc.page_backoff.failures() == 0 ? Level::error : Level::debug, dc,
             "Failed to retrieve log pages. " + error.text);
      dc.page_stale = true;
      dc.next_page = now + dc.page_backoff.fail();
      return;
  }
}

// --- mDNS controllers that went silent (compatibility contract 5.12)
// --------------------------------------------------

void Finder::track_lost(Dc& dc, Instant now) {
  if (!dc.announced || dc.reported || dc.connected()) {
    dc.lost_since = kNever;
    return;
  }
  if (dc.lost_since != kNever || !config_) return;
  if (config_->zeroconf && !mdns_.available) return;  // nobody can say that it is gone
  dc.lost_since = now;
  dirty_ = true;
  if (dc.origin != Origin::discovered) return;
  if (!config_->zeroconf_persistence)
    report(Level::info, dc, "Controller not responding. Retrying...");
  else
    report(
        Level::info, dc,
        "Controller is not responding. Will be removed in " +
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*config_->zeroconf_persistence).count()) +
            " s unless restored");
}

}  // namespace stas
