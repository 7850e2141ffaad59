// SPDX-License-Identifier: Apache-2.0
//
// Connector: what each event changes. Operations that have ended are in results.cpp.
#include <algorithm>
#include <utility>

#include "libstas/core/base/overloaded.h"
#include "libstas/core/brain/configured.h"
#include "stacd/connector.h"

namespace stas {

namespace {

constexpr Duration kStable = std::chrono::seconds(10);  // a connection that lasted less did not really work

}  // namespace

void Connector::handle(Event event, Instant now) {
  std::visit(
      Overloaded{
          [&](const OpDone& done) { on_op_done(done, now); },
          [&](const DeviceSeen& seen) { on_device_seen(seen.device, now); },
          [&](const DeviceGone& gone) {
            lost_devices(devices_.gone(gone.ref), now, false);
            dirty_ |= desired_.by_devices;
          },
          [&](DevicesScanned& scanned) { on_scan(std::move(scanned.devices), now); },
          [&](InterfacesSeen& seen) {
            if (devices_.set_interfaces(std::move(seen.interfaces))) on_hint(now);
          },
          [&](const Resumed&) { on_hint(now); }, [&](const Resolved& resolved) { on_resolved(resolved, now); },
          [&](const StacdConfigured& configured) { on_configured(configured, now); },
          [&](const HostExclusionsRead& read) { on_exclusions(read); },
          [&](const Trouble& trouble) { report_once(Level::warning, Topic::none, trouble.text); },
          [&](const StafAppeared&) { on_staf_appeared(now); }, [&](const StafVanished&) { on_staf_vanished(now); },
          [&](const StafChanged&) { on_staf_changed(now); },
          [&](StafPages& pages) { on_staf_pages(std::move(pages), now); },
          [&](const ReleaseOrdered& order) { on_release(order.subsysnqn); }, [&](const Stop&) { stopping_ = true; },
          [](const auto&) {},  // facts that concern stafd, or say nothing about I/O controllers
      },
      event);
}

void Connector::on_configured(const StacdConfigured& event, Instant now) {
  const bool reload = config_ != nullptr;
  if (!reload) started_ = now;
  loaded_ = now;
  if (reload && host_->nqn != event.host->nqn)
    report_plain(Level::warning, Topic::host_changed,
                 "The host NQN is now " + event.host->nqn + "; connections made as " + host_->nqn +
                     " stay as they are until they end. To renew them, disconnect them");
  else if (reload && host_->id != event.host->id)
    report_plain(Level::warning, Topic::host_changed, told_host_id(*event.host));
  host_ = event.host;
  config_ = with_exclusions(event.config, exclusions_, host_->id);
  if (host_nqns_.size() >= kMaxHostNqns) host_nqns_.clear();
  host_nqns_.insert(host_->nqn);
  names_.set_names(host_names(*config_));
  told_.clear();
  staf_.judge(config_);
  dirty_ = true;
  if (!reload) return;
  fetch_stale_ = true;
  for (auto& [id, ioc] : iocs_) {
    if (ioc.device) continue;
    // One more try for all, also for those that had given up on NCC; never a second one beside a pending one.
    ioc.next_connect = std::min(ioc.next_connect, now);
    ioc.blocked = false;
    const auto limit = static_cast<unsigned>(config_->connect_attempts_on_ncc);
    if (limit > 0 && ioc.attempts >= limit) ioc.attempts = limit - 1;
  }
}

void Connector::on_exclusions(const HostExclusionsRead& event) {
  exclusions_ = event.list;
  if (config_ == nullptr) return;
  config_ = with_exclusions(config_, exclusions_, host_->id);
  staf_.judge(config_);
  dirty_ = true;
}

// What could not be reached perhaps can now. Its failure was told; hints that come often must not make a storm.
void Connector::on_hint(Instant now) {
  names_.hint(now);
  for (auto& [id, ioc] : iocs_) {
    if (ioc.device) continue;
    ioc.backoff.reset();
    ioc.next_connect = std::min(ioc.next_connect, std::max(now, ioc.last_attempt + timing_.connect.first));
  }
}

bool Connector::connected_to(const std::string& name, const std::string& address) const {
  return std::ranges::any_of(controllers(), [&](const Ioc& ioc) {
    return ioc.device && ioc.host_name == name && ioc.tid.traddr() == address;
  });
}

void Connector::on_resolved(const Resolved& resolved, Instant now) {
  if (!config_) return;
  const bool known = names_.address(resolved.name).has_value();
  const auto keep = [&](const std::string& address) { return connected_to(resolved.name, address); };
  if (names_.answered(resolved, config_->families, now, keep, out_) || !known) dirty_ = save_ = true;
}

void Connector::on_staf_appeared(Instant now) {
  staf_.appeared(now);
  fetching_ = false;
  fetch_stale_ = true;
  next_fetch_ = now;
  dirty_ = config_ != nullptr;
}

void Connector::on_staf_vanished(Instant now) {
  staf_.vanished(now);
  fetching_ = false;
  dirty_ = config_ != nullptr;
}

void Connector::on_staf_changed(Instant now) {
  fetch_stale_ = true;
  // A discovery controller came back or changed: a good moment to try again what failed (regressions 42), but one that
  // has much to say must not become the clock of what does not answer.
  for (auto& [id, ioc] : iocs_) {
    if (ioc.device || ioc.op != Ioc::Op::none || ioc.attempts == 0) continue;
    const Instant next = std::max(now, ioc.last_attempt + timing_.connect.first);
    if (next >= ioc.next_connect) continue;
    if (ioc.encouraged != Instant::min() && now < ioc.encouraged + timing_.encourage) continue;
    ioc.encouraged = now;
    ioc.next_connect = next;
  }
}

void Connector::on_staf_pages(StafPages pages, Instant now) {
  fetching_ = false;
  if (!pages.dcs) {
    report_plain(
        fetch_failure_told_ ? Level::debug : Level::error, Topic::staf_failed,
        "Failed to get the log pages from stafd: " + pages.dcs.error().text + "; connections stay as they are");
    fetch_failure_told_ = true;
    fetch_stale_ = true;
    next_fetch_ = now + timing_.staf_retry;
    return;
  }
  if (staf_.present() && std::exchange(fetch_failure_told_, false))
    report_plain(Level::info, Topic::none, "stafd answers again");
  if (staf_.answered(std::move(pages), asked_, now) || desired_.ask_staf) dirty_ = config_ != nullptr;
}

// What belongs to somebody else is not cut. Before the devices know the news, and so is the next.
void Connector::note_owner(const Device& device) {
  if (owner_of(device.ref) == nullptr) return;
  const Device* known = devices_.find(device.ref);
  dirty_ |= (known == nullptr ? std::string() : known->owner) != device.owner;
}

void Connector::tell_link(const Device& device) {
  const Link link = devices_.link_change(device);
  const Ioc* ioc = link == Link::unchanged ? nullptr : owner_of(device.ref);
  if (ioc == nullptr) return;
  if (link == Link::lost && ioc->op == Ioc::Op::disconnect) return;
  if (link == Link::lost)
    report(Level::warning, Topic::link_lost, *ioc, "Connection lost; trying to reconnect");
  else
    report(Level::info, Topic::link_restored, *ioc, "Connection restored");
}

void Connector::on_device_seen(const Device& device, Instant now) {
  note_owner(device);
  tell_link(device);
  lost_devices(devices_.seen(device), now, false);
  check_guess(device, now);
  if (Ioc* ioc = owner_of(device.ref); ioc != nullptr) {
    note_works(*ioc);
    note_seen(*ioc, device);
  }
  dirty_ |= desired_.by_devices;
  audit_ = true;
}

void Connector::note_works(Ioc& ioc) {
  if (std::exchange(ioc.works, is_live(ioc)) != ioc.works) dirty_ |= desired_.by_connection;
}

// While a connection is being reconnected its device does not say how it leaves this host; what it said counts.
void Connector::note_seen(Ioc& ioc, const Device& device) {
  auto seen = tid_of(device, devices_.interfaces(), false);
  if (!seen || seen->host_iface().empty() || seen == ioc.seen) return;
  ioc.seen = std::move(seen);
  dirty_ |= host_nqns_.size() > 1;
}

// It was adopted while nobody could tell how it leaves this host, and now it shows.
void Connector::check_guess(const Device& device, Instant now) {
  Ioc* ioc = owner_of(device.ref);
  if (ioc == nullptr || !ioc->guessed || is_guess(device, ioc->tid)) return;
  ioc->guessed = false;
  if (ioc->op != Ioc::Op::none || matches(device, ioc->tid, ControllerKind::io, devices_.interfaces())) return;
  report(Level::info, Topic::none, *ioc, "is not this controller: it leaves this host another way");
  unbind(*ioc, now, Duration::zero());
}

void Connector::on_scan(std::vector<Device> devices, Instant now) {
  const bool first = !devices_.complete();
  for (const auto& device : devices) {
    note_owner(device);
    tell_link(device);
  }
  lost_devices(devices_.scanned(std::move(devices)), now, true);
  for (const auto& [name, device] : devices_.all()) check_guess(device, now);
  for (auto& [id, ioc] : iocs_) {
    const Device* device = ioc.device ? devices_.find(*ioc.device) : nullptr;
    if (ioc.device && device == nullptr && now - ioc.bound_at >= timing_.settle) {
      lose(ioc, now);
      continue;
    }
    note_works(ioc);
    if (device != nullptr) note_seen(ioc, *device);
  }
  if (first) take_restored(now);
  dirty_ |= desired_.by_devices;
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
  report(Level::info, Topic::gone, ioc, "Received \"remove\" event");
  const bool stable = now - ioc.bound_at >= kStable;
  if (stable) ioc.backoff.reset();
  unbind(ioc, now, stable ? timing_.connect.first : ioc.backoff.fail());
}

void Connector::on_release(const std::string& subsysnqn) {
  for (auto& [id, ioc] : iocs_) {
    if (!ioc.device || ioc.leaving_since == kNever || ioc.tid.subsysnqn() != subsysnqn) continue;
    ioc.released = true;
    dirty_ = config_ != nullptr;
  }
}

}  // namespace stas
