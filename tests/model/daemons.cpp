// SPDX-License-Identifier: Apache-2.0
//
// The two processes: start, reload and end, and how their orders are carried out.
#include <algorithm>

#include "libstas/core/brain/last_known.h"
#include "tests/model/bridge.h"
#include "tests/model/world.h"

namespace stas::model {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kSaveDelay = milliseconds(500);  // state files are written at most twice a second
constexpr Duration kHang = seconds(90);
constexpr Duration kSlowName = seconds(20);
constexpr Duration kLate = milliseconds(800);
constexpr Duration kSettled = milliseconds(31);  // a moment after kSettling
constexpr Duration kStop = seconds(5);           // who has not ended by then is ended
constexpr Duration kInVain = milliseconds(1700);

KnownStafd reread(const KnownStafd& known) { return parse_known_stafd(format_last_known(known), "stafd.lkc").known; }
KnownStacd reread(const KnownStacd& known) { return parse_known_stacd(format_last_known(known), "stacd.lkc").known; }

}  // namespace

// --- start, reload, end ---

std::shared_ptr<const HostIdentity> World::host() const {
  auto host = std::make_shared<HostIdentity>(identity(who_));
  if (other_symname_) host->symname = "rack-2";
  return host;
}

void World::start_stafd() {
  if (stafd_.brain) return;
  const unsigned epoch = ++stafd_.epoch;
  stafd_.brain = std::make_unique<Finder>();
  stafd_.config.reset();
  stafd_.started = now_;
  stafd_.stopping = false;
  stafd_.ops.clear();
  stafd_.attempts.clear();
  parked_.reset();
  stafd_.voices.clear();
  stafd_.in_a_row.clear();
  if (legacy_) {
    note(Feature::legacy_without_cache);
    amnesia_ = true;
    stafd_.saved = {};
    forget_pages();
  }
  staf_forgot_ = stafd_.saved.dcs.empty() && stafd_.saved.ended.empty();
  stafd_.brain->restore(reread(stafd_.saved));
  load_stafd();
  mdns_told_ = false;
  if (slow_mdns_)
    at(seconds(4), [this, epoch] {
      if (stafd_.brain && stafd_.epoch == epoch) tell_mdns();
    });
  else
    tell_mdns();
  to_finder(InterfacesSeen{interfaces(eth1_up_)});
  at(milliseconds(4), [this] { scan(); });
  at(milliseconds(8), [this, epoch] {
    if (!stafd_.brain || stafd_.epoch != epoch || !stacd_.brain) return;
    staf_appeared_ = now_;
    staf_answered_ = false;
    to_connector(StafAppeared{});
  });
}

void World::start_stacd() {
  if (stacd_.brain) return;
  const unsigned epoch = ++stacd_.epoch;
  stacd_.brain = std::make_unique<Connector>();
  stacd_.config.reset();
  stacd_.started = now_;
  stacd_.stopping = false;
  stacd_.ops.clear();
  stacd_.attempts.clear();
  stacd_.voices.clear();
  stacd_.in_a_row.clear();
  told_pages_.fill({});
  told_ncc_.reset();
  told_left_.fill(now_);
  staf_appeared_ = kNever;
  staf_answered_ = false;
  told_pages_text_.clear();
  stacd_.brain->restore(reread(stacd_.saved));
  load_stacd();
  if (!stafd_.brain) note(Feature::stacd_without_stafd);
  to_connector(InterfacesSeen{interfaces(eth1_up_)});
  at(milliseconds(4), [this] {
    // What it was told of is saved with the connections, as far as they exist.
    Paths present;
    for (const auto& [name, device] : devices_)
      if (device.io) present.set(static_cast<std::size_t>(device.path));
    ever_told_ &= present;
    scan();
  });
  at(milliseconds(8), [this, epoch] {
    if (!stafd_.brain || !stacd_.brain || stacd_.epoch != epoch) return;
    staf_appeared_ = now_;
    to_connector(StafAppeared{});
  });
}

// In order: told to stop, and the state is written. Else the process is gone at once, with what was to be written.
template <class D>
void World::end(D& daemon, bool in_order) {
  if (!daemon.brain) return;
  if (in_order) {
    note(Feature::stopped_in_order);
    daemon.stopping = true;
    daemon.brain->handle(Stop{}, now_);
    advance(daemon);
    if constexpr (std::is_same_v<D, Stafd>) {
      if (!daemon.config->persistent_connections) note(Feature::host_left);
      run_until(kStop, [&daemon] { return daemon.brain->stopped(); });
    }
    daemon.saved = daemon.brain->last_known();
  } else if (daemon.save_pending) {
    note(Feature::killed_before_save);
    amnesia_ = true;
    if (std::is_same_v<D, Stafd>)
      forget_pages();
    else
      stacd_forgot_ = true;
    // Lines that were not saved either: the file as it is read next counts alone.
    if (std::is_same_v<D, Stacd>) stac_force_.lines.reset();
  }
  daemon.save_pending = false;
  daemon.brain.reset();
  ++daemon.epoch;
  something_else(stacd_);
  something_else(stafd_);
}

void World::stop_stafd(bool in_order) {
  if (!stafd_.brain) return;
  // The kernel makes the connection all the same, and nobody is told of it.
  for (const auto& [id, op] : stafd_.ops)
    if (const auto name = find_dc(op.tid); op.connect && name)
      admins_dc_.set(static_cast<std::size_t>(host_of_dc(*name)));
  end(stafd_, in_order);
  fetch_at_.fill(Instant{});
  staf_appeared_ = kNever;
  staf_answered_ = staf_forgot_ = false;
  staf_listed_.reset();
  to_connector(StafVanished{});
}

void World::stop_stacd(bool in_order) {
  if (!stacd_.brain) return;
  end(stacd_, in_order);
  forget_unconnected_lines();
}

void World::load_stafd() {
  if (!stafd_.brain) return;
  const bool at_start = stafd_.config == nullptr;
  fetches_.clear();  // it reads everything again
  if (!at_start && std::any_of(hosts_.begin(), hosts_.end(), [](const Host& host) { return host.slow; }))
    note(Feature::page_slow_at_reload);
  know_stafd(staf_fault_, at_start);
  stafd_.config = read(staf_file_, staf_fault_, stafd_.config.get());
  stafd_.who = who_;
  staf_loaded_at_ = now_;
  for (auto& [name, attempts] : stafd_.attempts) attempts.excused = true;
  stafd_.voices.clear();
  stafd_.in_a_row.clear();
  const StafdConfigured reload{stafd_.config, host()};
  if (!at_start) promise(reload);
  to_finder(reload);
}

void World::load_stacd() {
  if (!stacd_.brain) return;
  const bool at_start = stacd_.config == nullptr;
  know_stacd(stac_fault_, at_start);
  stacd_.config = read(stac_file_, stac_fault_, stacd_.config.get());
  stac_loaded_at_ = now_;
  for (auto& [name, attempts] : stacd_.attempts) {
    attempts.excused = true;
    if (stacd_.who != who_) attempts.early = Instant{};  // a name that nothing is known of
  }
  stacd_.who = who_;
  stacd_.voices.clear();
  stacd_.in_a_row.clear();
  dead_attempts_.clear();
  const StacdConfigured reload{stacd_.config, host()};
  if (!at_start) promise(reload);
  to_connector(reload);
  update_told_set();
}

// --- facts ---

void World::tell_mdns() {
  mdns_told_ = stafd_.brain != nullptr;
  MdnsChanged view{true, {}};
  for (int i = 0; i < kHosts * 2; ++i) {
    if (!announced_.test(static_cast<std::size_t>(i))) continue;
    MdnsService service;
    service.interface = iface_name(route_of(i / 2));
    service.ipv6 = is_v6(i / 2);
    service.name = "s" + std::to_string(i);
    service.stype = "_nvme-disc._tcp";
    service.resolved = true;
    service.transport = Transport::tcp;
    service.traddr = address_of(i / 2);
    service.trsvcid = "8009";
    if (i % 2 != 0) service.nqn = unique_nqn_of(i / 2);
    view.services.push_back(std::move(service));
  }
  to_finder(view);
}

void World::to_finder(const Event& event) {
  if (!stafd_.brain) return;
  hear(stafd_, event);
  stafd_.brain->handle(event, now_);
}

void World::to_connector(const Event& event) {
  if (!stacd_.brain) return;
  hear(stacd_, event);
  stacd_.brain->handle(event, now_);
}

void World::device_event(const Event& event) {
  for (const bool finder : {true, false}) {
    if (lossy_ && chance(0.3)) {
      note(Feature::event_lost);
      event_lost_at_ = now_;
    } else {
      finder ? to_finder(event) : to_connector(event);
    }
  }
}

void World::scan() {
  DevicesScanned all;
  for (const auto& [name, device] : devices_) all.devices.push_back(shown(device));
  to_finder(all);
  to_connector(all);
}

// --- orders ---

template <class D>
void World::advance(D& daemon) {
  if (!daemon.brain) return;
  const auto actions = daemon.brain->advance(now_);
  for (const auto& action : actions) execute(daemon, action);
  for (const auto& action : daemon.brain->advance(now_))
    if (std::holds_alternative<Connect>(action) || std::holds_alternative<Disconnect>(action) ||
        std::holds_alternative<FetchLogPage>(action))
      violate("unstable", "a second advance() at the same instant gives orders");
  if (daemon.brain->deadline() <= now_) violate("busy", "deadline() is not in the future");
}

template <class D>
void World::begin(D& daemon, OpId op, const Tid& tid, const DeviceRef& device, bool connect) {
  for (const auto& [id, other] : daemon.ops)
    if (other.tid == tid || (!device.name.empty() && other.device == device))
      violate("two at a time", tid.to_string() + " has an operation already");
  if (!daemon.ops.emplace(op, Op{tid, device, connect}).second) violate("op id", "an operation's id is used twice");
}

template <class D>
void World::finish(D& daemon, unsigned epoch, OpId op, OpResult result) {
  if (!daemon.brain || daemon.epoch != epoch) {  // who asked is gone; the kernel did it all the same
    if (const auto* connected = std::get_if<Connected>(&result); connected != nullptr)
      if (auto* device = find(connected->device.ref); device != nullptr) device->orphan = true;
    return;
  }
  if (const auto it = daemon.ops.find(op); it != daemon.ops.end()) {
    if (it->second.connect) {
      const auto name = std::is_same_v<D, Stafd> ? find_dc(it->second.tid) : find_ioc(it->second.tid);
      if (name) {
        auto& attempts = daemon.attempts[attempt_key(*name, it->second.tid)];
        // Connected again, or out of reach: either way it has to show.
        if constexpr (std::is_same_v<D, Stafd>) parked_.reset(static_cast<std::size_t>(*name));
        if (std::holds_alternative<Error>(result)) {
          ++attempts.failed;
          ++attempts.failed_ever;
        } else {
          attempts = Attempts{};
        }
      }
    }
    daemon.ops.erase(it);
  }
  const OpDone done{op, std::move(result)};
  hear(daemon, done);
  daemon.brain->handle(done, now_);
}

template <class D>
void World::save(D& daemon) {
  if (std::exchange(daemon.save_pending, true)) return;
  at(kSaveDelay, [this, &daemon, epoch = daemon.epoch] {
    if (!daemon.brain || daemon.epoch != epoch) return;
    daemon.save_pending = false;
    daemon.saved = daemon.brain->last_known();
  });
}

template <class D>
void World::resolve(D& daemon, const std::string& name) {
  for (int host = 0; host < kHosts; ++host) {
    if (name != host_name_of(host)) continue;
    const auto how = resolver_[static_cast<std::size_t>(host)];
    Result<std::vector<IpAddress>> answer = std::vector{*IpAddress::parse(address_of(host))};
    const auto dead = *IpAddress::parse(is_v6(host) ? kDeadAddress6 : kDeadAddress);
    if (how == Resolver::two) {
      note(Feature::name_two_addresses);
      answer->insert(answer->begin(), dead);
    } else if (how == Resolver::other && std::is_same_v<D, Stacd>) {
      note(Feature::name_of_two_hosts);
      answer->insert(answer->begin(), *IpAddress::parse(address_of(host == 0 ? 1 : 0)));
    } else if (how == Resolver::moved) {
      answer = std::vector{dead};
    } else if (how == Resolver::fails) {
      note(Feature::name_fails);
      answer = fail(ErrorKind::not_found, name + ": no such host");
    } else if (how == Resolver::slow) {
      note(Feature::name_slow);
      slow_name_until_ = now_ + kSlowName;
    }
    at(how == Resolver::slow ? kSlowName : Duration(milliseconds(15)),
       [&daemon, epoch = daemon.epoch, resolved = Resolved{name, std::move(answer)}, name, host, this] {
         if (!daemon.brain || daemon.epoch != epoch) return;
         if (std::is_same_v<D, Stafd> && resolved.addresses &&
             staf_force_.lines.test(static_cast<std::size_t>(host * kVariants + kByName)))
           staf_resolved_.set(static_cast<std::size_t>(host));
         const auto before = daemon.brain->last_known().resolved;
         daemon.brain->handle(resolved, now_);
         const auto after = daemon.brain->last_known().resolved;
         if (std::is_same_v<D, Stacd> && after.contains(name)) stac_resolved_.set(static_cast<std::size_t>(host));
         if (after != before) something_else(daemon);
       });
    return;
  }
  violate("resolve", "nobody asked for the name " + name);
}

template <class D>
bool World::execute_common(D& daemon, const Action& action) {
  const unsigned epoch = daemon.epoch;
  if (const auto* report = std::get_if<Report>(&action)) {
    // It is nobody's from now on.
    if (report->topic == Topic::let_go || report->text.find("is not this controller") != std::string::npos)
      if (const auto device = devices_.find(report->device); device != devices_.end()) device->second.released = true;
    // Whoever takes over a connection begins anew should it lose it.
    if (report->topic == Topic::connected && report->tid && std::is_same_v<D, Stacd>)
      if (const auto name = find_ioc(*report->tid)) daemon.attempts[attempt_key(*name, *report->tid)].excused = true;
    // Should it become one again, it is a new name.
    if (report->topic == Topic::removed && report->tid) {
      gave_back_at_.erase(report->tid->to_string());
      const auto name = std::is_same_v<D, Stafd> ? find_dc(*report->tid) : find_ioc(*report->tid);
      if (name) daemon.attempts[attempt_key(*name, *report->tid)].excused = true;
    }
    judge_voice(daemon, *report);
    return true;
  }
  if (const auto* name = std::get_if<Resolve>(&action)) {
    resolve(daemon, name->name);
    return true;
  }
  if (std::holds_alternative<SaveLastKnown>(action)) {
    save(daemon);
    return true;
  }
  const Duration usual = milliseconds(5 + static_cast<int>(rng_() % 60));
  if (const auto* connect = std::get_if<Connect>(&action)) {
    ++orders_;
    log("connect " + connect->tid.to_string());
    begin(daemon, connect->op, connect->tid, {}, true);
    judge(daemon, *connect);
    promise_keeps(daemon, *connect);
    const bool hangs = hanging_ && chance(0.3);
    if (hangs) note(Feature::connect_hung);
    if (hangs) hung_until_ = std::max(hung_until_, now_ + kHang);
    const bool in_vain = slow_connects_ && !is_somebody_at(connect->tid);
    if (hangs || in_vain) something_else(daemon);
    at(hangs     ? kHang
       : in_vain ? kInVain
                 : usual,
       [this, &daemon, epoch, c = *connect] {
         const OpResult result = do_connect(c);
         const auto* made = std::get_if<Connected>(&result);
         const auto* device = made == nullptr ? nullptr : find(made->device.ref);
         if (device == nullptr || !device->settling) return finish(daemon, epoch, c.op, result);
         // Not before it has settled.
         at(kSettled, [this, &daemon, epoch, op = c.op, ref = made->device.ref] {
           const auto* now = find(ref);
           finish(daemon, epoch, op,
                  now == nullptr ? OpResult(Error{ErrorKind::unreachable, 0, "gone again"})
                                 : OpResult(Connected{now->device}));
         });
       });
    return true;
  }
  if (const auto* disconnect = std::get_if<Disconnect>(&action)) {
    ++orders_;
    log("disconnect " + disconnect->device.name + " " + disconnect->tid.to_string() + " " +
        std::string(to_text(disconnect->reason)));
    begin(daemon, disconnect->op, disconnect->tid, disconnect->device, false);
    judge(daemon, *disconnect);
    promise_keeps(daemon, *disconnect);
    const bool hangs = deletes_ == Deletes::hang;
    if (hangs) note(Feature::delete_hung);
    if (hangs) something_else(daemon);
    if (hangs) hung_until_ = std::max(hung_until_, now_ + kHang);
    at(hangs ? kHang : usual,
       [this, &daemon, epoch, d = *disconnect] { finish(daemon, epoch, d.op, do_disconnect(d)); });
    return true;
  }
  return false;
}

void World::fetch(const FetchLogPage& fetch) {
  begin(stafd_, fetch.op, fetch.tid, fetch.device, false);
  const auto* device = find(fetch.device);
  const int host = device != nullptr ? device->host : 0;
  const auto h = static_cast<std::size_t>(host);
  auto& latest = fetches_[fetch.device.incarnation];
  std::erase_if(latest, [&](Instant then) { return now_ - then > seconds(1); });
  latest.push_back(now_);
  if (latest.size() > 5 && device != nullptr)
    violate("storm", "more than 5 reads of one page within a second: " + fetch.tid.to_string());
  if (device != nullptr && now_ - event_lost_at_ > seconds(600) &&
      fetch.pleo != (knows_pleo(host) && stafd_.config->pleo))
    violate("pleo",
            std::string("the page is read ") + (fetch.pleo ? "with" : "without") + " PLEO: " + fetch.tid.to_string());
  if (fetch.pleo) note(Feature::pleo_read);
  Duration time = milliseconds(3);
  if (device != nullptr && hosts_[h].slow) time = seconds(4);
  if (hanging_ && chance(0.3)) {
    time = seconds(60);
    hung_until_ = std::max(hung_until_, now_ + time);
    something_else(stafd_);
  }
  const Instant ordered = now_;
  at(time, [this, epoch = stafd_.epoch, fetch, ordered, h] {
    auto result = do_fetch(fetch);
    const bool heard = stafd_.brain && stafd_.epoch == epoch;
    if (heard && std::holds_alternative<LogPage>(result)) {
      fetch_at_[h] = ordered;
      if (auto* read = find(fetch.device); read != nullptr) {
        read->page_read = read->ever_read = true;
        if (!std::get<LogPage>(result).unchanged) learn(*read);
      }
    } else {
      read_failed_at_[h] = now_;
    }
    if (!late_reads_) return finish(stafd_, epoch, fetch.op, std::move(result));
    at(kLate, [this, epoch, fetch, result = std::move(result)] { finish(stafd_, epoch, fetch.op, result); });
  });
}

void World::execute(Stafd& daemon, const Action& action) {
  if (execute_common(daemon, action)) return;
  const unsigned epoch = daemon.epoch;
  if (const auto* page = std::get_if<FetchLogPage>(&action)) {
    fetch(*page);
  } else if (const auto* supported = std::get_if<FetchSupported>(&action)) {
    begin(daemon, supported->op, supported->tid, supported->device, false);
    at(late_reads_ ? kLate : Duration(milliseconds(1)), [this, &daemon, epoch, s = *supported] {
      const auto* device = find(s.device);
      OpResult result = Error{ErrorKind::refused, 0, "no such log page"};
      if (device == nullptr || device->device.state != "live")
        result = Error{ErrorKind::timed_out, 0, "no answer"};
      else if (knows_pleo(device->host))
        result = SupportedDlp{false, true, false};
      finish(daemon, epoch, s.op, std::move(result));
    });
  } else if (const auto* enter = std::get_if<Register>(&action)) {
    begin(daemon, enter->op, enter->tid, enter->device, false);
    at(milliseconds(3), [this, &daemon, epoch, r = *enter] {
      auto* device = find(r.device);
      OpResult result = Registered{};
      if (device == nullptr || device->device.state != "live")
        result = Error{ErrorKind::timed_out, 0, "no answer"};
      else {
        note(Feature::registered);
        device->registered_by = epoch;
        device->deregistered = r.task == DimTask::deregister;
        device->registered = r.task == DimTask::deregister                ? ""
                             : r.data.find("rack-2") != std::string::npos ? "rack-2"
                                                                          : "rack-1";
      }
      finish(daemon, epoch, r.op, std::move(result));
    });
  } else if (std::holds_alternative<NotifyLogPagesChanged>(action) || std::holds_alternative<NotifyDcRemoved>(action) ||
             (std::holds_alternative<NotifySettled>(action) && !legacy_)) {
    staf_signalled_ = now_;
    at(milliseconds(1), [this, epoch] {
      if (!stafd_.brain || stafd_.epoch != epoch) return;
      stacd_.news_at = now_;
      to_connector(StafChanged{});
    });
  } else if (std::holds_alternative<LeaveToNvmeCli>(action)) {
    note(Feature::admin_dc_has_news);
  }
}

void World::execute(Stacd& daemon, const Action& action) {
  if (execute_common(daemon, action)) return;
  if (const auto* question = std::get_if<InspectUsage>(&action)) {
    at(milliseconds(20), [this, question = *question, epoch = daemon.epoch] {
      if (!stacd_.brain || stacd_.epoch != epoch) return;
      const auto* device = find(question.device);
      const bool used = device != nullptr && used_.test(static_cast<std::size_t>(device->path));
      OpResult answer = Usage{used ? question.device.name + " is mounted" : ""};
      if (used && question.op % 2 == 0) answer = Error{ErrorKind::permission, 0, "nobody can tell"};
      stacd_.brain->handle(OpDone{question.op, std::move(answer)}, now_);
    });
    return;
  }
  if (!std::holds_alternative<FetchStafPages>(action)) return;
  asked_at_ = now_;
  at(milliseconds(2), [this, epoch = daemon.epoch] {
    if (stacd_.brain && stacd_.epoch == epoch) answer_staf_pages();
  });
}

void World::answer_staf_pages() {
  if (!stafd_.brain || answers_ == Answers::fail || (lossy_ && chance(0.2))) {
    note(Feature::staf_answer_failed);
    return to_connector(StafPages{fail(ErrorKind::timed_out, "stafd does not answer"), {}});
  }
  if (legacy_) note(Feature::legacy_stafd);
  auto pages = pages_of(*stafd_.brain, legacy_);
  auto text = text_of(pages);
  for (StafDc& dc : *pages.dcs) {
    std::vector<Dlpe> entries = dc.entries;
    std::erase_if(entries, [&](const Dlpe& entry) {
      const auto host = host_of_address(entry.traddr);
      if (entry.subtype != kDlpSubtypeNvme || !host || !garbled_.test(path_of(*host, entry.subnqn.back() - '0')))
        return false;
      dc.skipped.push_back(entry.subnqn);
      return true;
    });
    dc.entries = std::move(entries);
  }
  if (answers_ == Answers::work) return deliver(pages, text);
  at(kLate, [this, of = stafd_.epoch, to = stacd_.epoch, pages = std::move(pages), text = std::move(text)] {
    if (!stacd_.brain || stacd_.epoch != to) return;
    if (stafd_.brain && stafd_.epoch == of) return deliver(pages, text);
    to_connector(pages);
  });
}

void World::deliver(const StafPages& pages, const std::string& text) {
  staf_answered_ = true;
  told_pages_text_ = text;
  for (const StafDc& dc : *pages.dcs)
    if (const auto name = find_dc(dc.tid)) staf_listed_.set(static_cast<std::size_t>(host_of_dc(*name)));
  update_told(*pages.dcs);
  to_connector(pages);
}

}  // namespace stas::model
