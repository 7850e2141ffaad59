// SPDX-License-Identifier: Apache-2.0
//
// Connector: what is remembered, facts, and results of operations.
#include "stacd/connector.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "libstas/core/brain/configured.h"

namespace stas {

namespace {

constexpr std::size_t kMaxTold = 1024;

}  // namespace

// --- state -----------------------------------------------------------------------------------------------------------

void Connector::restore(KnownStacd known) {
  names_.restore(known.resolved);
  restored_ = std::move(known.iocs);
}

KnownStacd Connector::last_known() const {
  KnownStacd known;
  known.resolved = names_.last_good();
  known.iocs = restored_;  // not looked at yet: they stay ours
  for (const auto& ioc : iocs_) {
    if (ioc.external || !ioc.device) continue;  // only what exists can be ours after a restart
    KnownIoc saved{ioc.tid, ioc.configured, {}, ioc.dlpe};
    for (const auto& [dc, origin] : ioc.sources) saved.sources.push_back({dc, origin});
    known.iocs.push_back(std::move(saved));
  }
  return known;
}

const Ioc* Connector::find(const Tid& tid) const {
  const auto it = by_tid_.find(tid);
  return it == by_tid_.end() ? nullptr : &*it->second;
}

Ioc& Connector::track(const Tid& tid) {
  auto& ioc = iocs_.emplace_back(tid, timing_);
  by_tid_.emplace(tid, std::prev(iocs_.end()));
  return ioc;
}

Ioc* Connector::owner_of(const DeviceRef& ref) {
  const auto it = by_device_.find(ref.name);
  if (it == by_device_.end()) return nullptr;
  const auto incarnation = it->second->device->incarnation;
  return ref.incarnation == 0 || incarnation == ref.incarnation ? it->second : nullptr;
}

void Connector::bind(Ioc& ioc, const DeviceRef& ref, Instant now) {
  by_device_[ref.name] = &ioc;
  ioc.bind(ref, now);
  save_ = true;
}

void Connector::unbind(Ioc& ioc, Instant now, Duration delay) {
  if (ioc.device) by_device_.erase(ioc.device->name);
  ioc.unbind(now, delay);
  save_ = true;
}

void Connector::report(Level level, const Ioc& ioc, std::string text, Reason reason) {
  const std::string device = ioc.device ? ioc.device->name : "nvme?";
  out_.push_back(
      Report{level, ioc.tid, device, ioc.tid.to_string() + " | " + device + " - " + std::move(text), reason});
}

void Connector::report_plain(Level level, std::string text) {
  if (told_.size() >= kMaxTold || !told_.insert(text).second) level = Level::debug;
  out_.push_back(Report{level, std::nullopt, {}, std::move(text)});
}

Instant Connector::soak_deadline() const {
  Instant first = kNever;
  for (const auto& ioc : iocs_)
    if (!ioc.wanted && ioc.unwanted_since != kNever) first = std::min(first, ioc.unwanted_since + timing_.soak);
  return first;
}

bool Connector::stopped() const { return stopping_ && by_op_.empty(); }

// --- facts -----------------------------------------------------------------------------------------------------------

void Connector::handle(const Event& event, Instant now) {
  std::visit([&](const auto& e) { on(e, now); }, event);
}

void Connector::on(const StacdConfigured& event, Instant now) {
  const bool reload = config_ != nullptr;
  if (!reload) started_ = now;
  config_ = event.config;
  host_ = event.host;
  names_.want(host_names(*config_));
  told_.clear();
  for (auto& listing : listings_) listing = {};  // other rules may apply
  dirty_ = true;
  if (!reload) return;
  fetch_stale_ = true;
  for (auto& ioc : iocs_) {
    if (ioc.connected()) continue;
    // One more try for all, also for those that had given up on NCC; never a second one beside a pending one.
    ioc.next_connect = std::min(ioc.next_connect, now);
    const auto limit = static_cast<unsigned>(config_->connect_attempts_on_ncc);
    if (ioc.given_up(config_->connect_attempts_on_ncc)) ioc.attempts = limit - 1;
  }
}

void Connector::on(const Stop&, Instant) { stopping_ = true; }

void Connector::on(const InterfacesSeen& event, Instant now) {
  if (!devices_.set_interfaces(event.interfaces)) return;
  // What could not be reached perhaps can now. Its failure was told; interfaces that flap must not make a storm.
  for (auto& ioc : iocs_) {
    if (ioc.connected()) continue;
    ioc.backoff.reset();
    ioc.next_connect = std::min(ioc.next_connect, std::max(now, ioc.last_attempt + timing_.connect.first));
  }
}

bool Connector::connected_to(const std::string& address) const {
  return std::any_of(iocs_.begin(), iocs_.end(),
                     [&](const Ioc& ioc) { return ioc.connected() && ioc.tid.traddr() == address; });
}

void Connector::on(const Resolved& event, Instant now) {
  if (!config_) return;
  if (names_.answered(
          event, config_->families, now, [&](const std::string& address) { return connected_to(address); }, out_))
    dirty_ = save_ = true;
}

void Connector::on(const StafAppeared&, Instant now) {
  staf_present_ = true;
  staf_current_ = false;
  staf_since_ = now;
  listed_before_.clear();
  fetch_stale_ = true;
  next_fetch_ = now;
  fetch_failure_told_ = false;
}

// Nothing else happens: what the old instance said stays true until a new one says otherwise (law 2).
void Connector::on(const StafVanished&, Instant) {
  staf_present_ = false;
  staf_current_ = false;
  fetching_ = false;
}

void Connector::on(const StafChanged&, Instant now) {
  fetch_stale_ = true;
  // A discovery controller came back or changed: a good moment to try again what failed (regressions 42).
  for (auto& ioc : iocs_)
    if (!ioc.connected() && ioc.op == Ioc::Op::none && ioc.attempts > 0)
      ioc.next_connect = std::min(ioc.next_connect, std::max(now, ioc.last_attempt + timing_.connect.first));
}

void Connector::on(const StafPages& event, Instant now) {
  fetching_ = false;
  if (!event.dcs) {
    out_.push_back(
        Report{fetch_failure_told_ ? Level::debug : Level::error,
               std::nullopt,
               {},
               "Failed to get the log pages from stafd: " + event.dcs.error().text + "; connections stay as they are"});
    fetch_failure_told_ = true;
    fetch_stale_ = true;
    next_fetch_ = now + timing_.staf_retry;
    return;
  }
  if (!staf_present_) return;  // the answer of an instance that is gone
  if (fetch_failure_told_) out_.push_back(Report{Level::info, std::nullopt, {}, "stafd answers again"});
  fetch_failure_told_ = false;
  std::vector<Listing> listings(event.dcs->size());
  for (std::size_t i = 0; i < listings.size(); ++i) {
    const auto& dc = (*event.dcs)[i];
    const auto before = staf_by_tid_.find(dc.tid);
    if (before != staf_by_tid_.end() && before->second->entries == dc.entries)
      listings[i] = std::exchange(listings_[static_cast<std::size_t>(before->second - staf_.data())], {});
  }
  listings_ = std::move(listings);
  staf_ = *event.dcs;
  staf_ended_ = {event.ended.begin(), event.ended.end()};
  staf_by_tid_.clear();
  for (const auto& dc : staf_) {
    staf_by_tid_[dc.tid] = &dc;
    listed_before_.insert(dc.tid);
  }
  staf_current_ = true;
  dirty_ = true;
}

// Before the devices know the news.
void Connector::tell_link(const Device& device) {
  const Link link = devices_.link_change(device);
  const Ioc* ioc = link == Link::unchanged ? nullptr : owner_of(device.ref);
  if (ioc == nullptr || ioc->op == Ioc::Op::disconnect) return;
  if (link == Link::lost)
    report(Level::warning, *ioc, "Connection lost; trying to reconnect");
  else
    report(Level::info, *ioc, "Connection restored");
}

void Connector::on(const DeviceSeen& seen, Instant now) {
  tell_link(seen.device);
  lost_devices(devices_.seen(seen.device), now, false);
  audit_ = true;
}

void Connector::on(const DeviceGone& gone, Instant now) { lost_devices(devices_.gone(gone.ref), now, false); }

void Connector::on(const DevicesScanned& scanned, Instant now) {
  const bool first = !devices_.complete();
  for (const auto& device : scanned.devices) tell_link(device);
  lost_devices(devices_.scanned(scanned.devices), now, true);
  for (auto& ioc : iocs_)
    if (ioc.device && devices_.find(*ioc.device) == nullptr && now - ioc.bound_at >= timing_.settle) lose(ioc, now);
  if (first) take_restored(now);
  audit_ = true;
}

void Connector::lost_devices(const std::vector<DeviceRef>& refs, Instant now, bool from_scan) {
  for (const auto& ref : refs) {
    Ioc* ioc = owner_of(ref);
    if (ioc == nullptr) continue;
    if (from_scan && now - ioc->bound_at < timing_.settle)
      continue;  // the scan may have begun before the connect ended
    lose(*ioc, now);
  }
}

void Connector::lose(Ioc& ioc, Instant now) {
  report(Level::info, ioc, "Received \"remove\" event");
  unbind(ioc, now, timing_.connect.first);
}

// --- results ---------------------------------------------------------------------------------------------------------

void Connector::on(const OpDone& done, Instant now) {
  const auto it = by_op_.find(done.op);
  if (it == by_op_.end()) return;
  Ioc& ioc = *it->second;
  by_op_.erase(it);
  const auto op = std::exchange(ioc.op, Ioc::Op::none);
  ioc.op_id = 0;
  if (op == Ioc::Op::connect) connecting_.erase(ioc.path);

  if (const auto* connected = std::get_if<Connected>(&done.result); connected != nullptr) {
    lost_devices(devices_.seen(connected->device), now, false);
    // Whoever made a connection has it; two owners would end with one of them cutting the other's.
    if (Ioc* other = owner_of(connected->device.ref); other != nullptr && other != &ioc)
      unbind(*other, now, Duration::zero());
    bind(ioc, connected->device.ref, now);
    report(Level::info, ioc, "Connection established!");
    return;
  }
  if (std::holds_alternative<Disconnected>(done.result)) {
    if (ioc.device) devices_.gone(*ioc.device);
    unbind(ioc, now, Duration::zero());
    return;
  }
  const auto* error = std::get_if<Error>(&done.result);
  if (error == nullptr) return;
  if (op == Ioc::Op::connect) {
    ++ioc.op_failures;
    ioc.next_connect = now + ioc.backoff.fail();
    const bool quiet = ioc.failure_told || error->kind == ErrorKind::cancelled;
    out_.push_back(Report{quiet ? Level::debug : Level::error,
                          ioc.tid,
                          {},
                          ioc.tid.to_string() + " Failed to connect to controller. " + error->text});
    ioc.failure_told = true;
    if (ioc.given_up(config_->connect_attempts_on_ncc))
      report(Level::info, ioc,
             "No further attempts: the central discovery controller reports no connectivity (NCC), "
             "connect-attempts-on-ncc=" +
                 std::to_string(config_->connect_attempts_on_ncc));
    if (names_.failed(ioc.tid.traddr(), now, [&](const std::string& address) { return connected_to(address); }))
      dirty_ = save_ = true;
    return;
  }
  if (error->kind == ErrorKind::not_found) {
    if (ioc.device) devices_.gone(*ioc.device);
    return unbind(ioc, now, Duration::zero());
  }
  report(Level::error, ioc, "Failed to disconnect. " + error->text);
  ioc.next_connect = now + ioc.backoff.fail();
}

}  // namespace stas
