// SPDX-License-Identifier: Apache-2.0
//
// Connector: what is remembered, facts, and results of operations.
#include "stacd/connector.h"

#include <algorithm>
#include <utility>

#include "libstas/core/base/overloaded.h"
#include "libstas/core/brain/configured.h"

namespace stas {

namespace {

constexpr std::size_t kMaxTold = 1024;
constexpr Duration kStable = std::chrono::seconds(10);  // a connection that lasted less did not really work

}  // namespace

void Connector::restore(KnownStacd known) {
  names_.restore(known.resolved);
  restored_ = std::move(known.iocs);
  host_nqns_.insert(known.host_nqns.begin(), known.host_nqns.end());
}

KnownStacd Connector::last_known() const {
  KnownStacd known;
  known.resolved = names_.last_good();
  known.host_nqns.assign(host_nqns_.begin(), host_nqns_.end());
  known.iocs = restored_;                   // not looked at yet: they stay ours
  std::unordered_map<Tid, Known> by_owner;  // what other names of a connection remember
  for (const auto& ioc : controllers())
    if (!ioc.device && ioc.alias_of) inherit(ioc, by_owner.try_emplace(*ioc.alias_of, *ioc.alias_of).first->second);
  for (const auto& ioc : controllers()) {
    if (ioc.foreign || !ioc.device) continue;  // only what exists can be ours after a restart
    Known memory = ioc;
    if (const auto others = by_owner.find(ioc.tid); others != by_owner.end()) inherit(others->second, memory);
    KnownIoc saved{ioc.tid, memory.configured, {}, ioc.entry};
    for (const auto& [dc, origin] : memory.sources) saved.sources.push_back({dc, origin});
    known.iocs.push_back(std::move(saved));
  }
  return known;
}

const Ioc* Connector::find(const Tid& tid) const {
  const auto it = by_tid_.find(tid);
  return it == by_tid_.end() ? nullptr : &iocs_.at(it->second);
}

const DeviceRef* Connector::device_of(const Ioc& ioc) const {
  if (ioc.device) return &*ioc.device;
  const Ioc* owner = ioc.alias_of ? find(*ioc.alias_of) : nullptr;
  return owner != nullptr && owner->device ? &*owner->device : nullptr;
}

Ioc& Connector::track(const Tid& tid) {
  by_tid_.emplace(tid, next_ioc_);
  by_subsystem_[tid.subsysnqn()].insert(next_ioc_);
  return iocs_.emplace_hint(iocs_.end(), next_ioc_++, Ioc(tid, timing_))->second;
}

Ioc* Connector::owner_of(const DeviceRef& ref) {
  const auto it = by_device_.find(ref.name);
  if (it == by_device_.end()) return nullptr;
  Ioc& owner = iocs_.at(it->second);
  return ref.incarnation == 0 || owner.device->incarnation == ref.incarnation ? &owner : nullptr;
}

void Connector::bind(Ioc& ioc, const DeviceRef& ref, Instant now) {
  // Whoever had a device of this name has lost it, whether or not its end was heard of.
  if (const auto before = by_device_.find(ref.name); before != by_device_.end()) lose(iocs_.at(before->second), now);
  by_device_[ref.name] = by_tid_.at(ioc.tid);
  ioc.bind(ref, now);
  ioc.works = is_live(ioc);
  names_.reached(ioc.host_name, ioc.tid.traddr());
  const Device* device = devices_.find(ref);
  ioc.seen.reset();
  if (device != nullptr) note_seen(ioc, *device);
  dirty_ |= desired_.depends_on(ioc.tid) || (device != nullptr && !device->owner.empty());
  save_ = true;
}

void Connector::unbind(Ioc& ioc, Instant now, Duration delay) {
  if (ioc.device) by_device_.erase(ioc.device->name);
  ioc.unbind(now, delay);
  dirty_ |= desired_.depends_on(ioc.tid);
  save_ = true;
}

void Connector::report(Level level, Topic topic, const Ioc& ioc, std::string text, Reason reason) {
  const std::string device = ioc.device ? ioc.device->name : "nvme?";
  out_.push_back(Report{level, ioc.tid, device, ioc.tid.to_string() + " | " + device + " - " + std::move(text), reason,
                        kNever, topic});
}

void Connector::report_plain(Level level, Topic topic, std::string text) {
  out_.push_back(Report{level, std::nullopt, {}, std::move(text), Reason::none, kNever, topic});
}

void Connector::report_once(Level level, Topic topic, std::string text) {
  if (told_.size() >= kMaxTold || !told_.insert(text).second) level = Level::debug;
  report_plain(level, topic, std::move(text));
}

Instant Connector::soak_deadline() const {
  Instant first = kNever;
  for (const auto& ioc : controllers())
    if (ioc.leaving_since != kNever) first = std::min(first, ioc.leaving_since + timing_.soak);
  return first;
}

std::vector<const Ioc*> Connector::kept_back(const std::string& subsysnqn) const {
  std::vector<const Ioc*> kept;
  for (const auto& ioc : controllers())
    if (ioc.tid.subsysnqn() == subsysnqn && !ioc.released && ioc.row < desired_.rows.size() &&
        row_of(ioc).keeper != Keeper::none)
      kept.push_back(&ioc);
  return kept;
}

bool Connector::stopped() const { return stopping_ && by_op_.empty(); }

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

void Connector::on_op_done(const OpDone& done, Instant now) {
  const auto it = by_op_.find(done.op);
  if (it == by_op_.end()) return on_usage(done);
  const IocId id = it->second;
  Ioc& ioc = iocs_.at(id);
  by_op_.erase(it);
  const auto op = std::exchange(ioc.op, Ioc::Op::none);
  ioc.op_id = 0;
  ioc.cutting = false;
  const auto [first, last] = connecting_.equal_range(ioc.tid.traddr());
  if (const auto mine = std::find_if(first, last, [&](const auto& item) { return item.second == id; }); mine != last)
    connecting_.erase(mine);

  if (const auto* connected = std::get_if<Connected>(&done.result)) return on_connected(ioc, connected->device, now);
  if (std::holds_alternative<Disconnected>(done.result)) {
    if (ioc.device) devices_.gone(*ioc.device);
    return unbind(ioc, now, Duration::zero());
  }
  if (const auto* elsewhere = std::get_if<AnsweredElsewhere>(&done.result)) return on_elsewhere(ioc, *elsewhere, now);
  if (const auto* nobody = std::get_if<NobodyAnswered>(&done.result)) {
    on_connect_failed(ioc, nobody->error, now);
    for (const IpAddress& other : nobody->others) address_failed(other.to_string(), now);
    return;
  }
  const auto* error = std::get_if<Error>(&done.result);
  if (error == nullptr) return;
  if (op == Ioc::Op::connect)
    on_connect_failed(ioc, *error, now);
  else
    on_disconnect_failed(ioc, *error, now);
}

void Connector::on_connected(Ioc& ioc, const Device& device, Instant now) {
  lost_devices(devices_.seen(device), now, false);
  // Whoever made a connection has it; two owners would end with one of them cutting the other's.
  if (Ioc* other = owner_of(device.ref); other != nullptr && other != &ioc) unbind(*other, now, Duration::zero());
  bind(ioc, device.ref, now);
  report(Level::info, Topic::connected, ioc, "Connection established!");
}

void Connector::on_connect_failed(Ioc& ioc, const Error& error, Instant now) {
  ++ioc.op_failures;
  const std::string advice = tls_advice(ioc.entry ? &*ioc.entry : nullptr, ioc.configured, ioc.options);
  const std::string why = error.text + (advice.empty() ? "" : "; ") + advice;
  ioc.failed({error.kind, error.errnum, why}, now);
  ioc.next_connect = now + ioc.backoff.fail();
  const bool quiet = ioc.failure_told || error.kind == ErrorKind::cancelled;
  out_.push_back(Report{quiet ? Level::debug : Level::error,
                        ioc.tid,
                        {},
                        ioc.tid.to_string() + " Failed to connect to controller. " + why,
                        Reason::none,
                        kNever,
                        Topic::connect_failed});
  ioc.failure_told = true;
  if (error.kind == ErrorKind::already_connected && !std::exchange(ioc.blocked, true)) dirty_ |= desired_.by_connection;
  // While another table is to be made its row may point to a page that is gone.
  if (!dirty_ && given_up(ioc, row_of(ioc)))
    report(Level::info, Topic::connect_failed, ioc,
           "No further attempts: the central discovery controller reports no connectivity (NCC), "
           "connect-attempts-on-ncc=" +
               std::to_string(config_->connect_attempts_on_ncc));
  address_failed(ioc.tid.traddr(), now);
}

// It may have moved, or another one may answer; the name knows.
void Connector::address_failed(const std::string& failed, Instant now) {
  if (names_.failed(failed, now)) dirty_ = save_ = true;
}

// The name goes on at the address that answered; what stays at this one tries again later.
void Connector::on_elsewhere(Ioc& ioc, const AnsweredElsewhere& elsewhere, Instant now) {
  ++ioc.op_failures;
  ioc.failed({ErrorKind::unreachable, 0, elsewhere.why}, now);
  ioc.next_connect = now + ioc.backoff.fail();
  if (!names_.outrun(ioc.host_name, ioc.tid.traddr(), elsewhere.address, now)) return;
  dirty_ = save_ = true;
  report(Level::info, Topic::none, ioc, elsewhere.why);
}

// An error is no answer: nobody can tell, and that is as good as in use.
void Connector::on_usage(const OpDone& done) {
  const auto it = inspecting_.find(done.op);
  if (it == inspecting_.end()) return;
  const auto found = iocs_.find(it->second);
  inspecting_.erase(it);
  if (found == iocs_.end() || found->second.usage_op != done.op) return;  // it is gone, or its device is another
  KnownUsage& usage = found->second.usage;
  usage.asked = std::exchange(usage.pending, kNever);
  const auto* answer = std::get_if<Usage>(&done.result);
  const auto* error = std::get_if<Error>(&done.result);
  usage.by = answer != nullptr ? answer->by : "whether it is in use cannot be found out";
  if (error != nullptr) usage.by += ": " + error->text;
  found->second.usage_op = 0;
  dirty_ = config_ != nullptr;
}

void Connector::on_release(const std::string& subsysnqn) {
  for (auto& [id, ioc] : iocs_) {
    if (!ioc.device || ioc.leaving_since == kNever || ioc.tid.subsysnqn() != subsysnqn) continue;
    ioc.released = true;
    dirty_ = config_ != nullptr;
  }
}

void Connector::on_disconnect_failed(Ioc& ioc, const Error& error, Instant now) {
  if (error.kind == ErrorKind::not_found) {
    if (ioc.device) devices_.gone(*ioc.device);
    return unbind(ioc, now, Duration::zero());
  }
  ioc.next_cut = now + ioc.cut_backoff.fail();
  if (error.kind == ErrorKind::cancelled) {  // another path was relied on that is lost: the table knows by now
    report(Level::info, Topic::disconnect_failed, ioc, "Not disconnected. " + error.text);
    dirty_ = config_ != nullptr;
    return;
  }
  ioc.failed(error, now);
  const bool told = std::exchange(ioc.cut_failure_told, true);
  report(told ? Level::debug : Level::error, Topic::disconnect_failed, ioc, "Failed to disconnect. " + error.text);
  dirty_ = config_ != nullptr;  // the next attempt is a cut like the first one
}

}  // namespace stas
