// SPDX-License-Identifier: Apache-2.0
//
// The daemons of the simulated world, its clock, and the steps of a history.
#include "tests/model/world.h"

#include <algorithm>
#include <sstream>

#include "libstas/core/discovery/aen.h"

namespace stas::model {

namespace {

constexpr Duration kAudit = std::chrono::minutes(2);
constexpr unsigned kMaxWakeupsPerMinute = 2000;

std::string number(Instant at) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count());
}

}  // namespace

World::World(std::uint64_t seed) : rng_(seed), targets_(kTargets) {
  for (auto& target : targets_) target.subsystems = {0, 1};
  start_stafd();
  start_stacd();
  std::function<void()> audit = [this] { scan(); };
  for (int i = 1; i < 3000; ++i) at(kAudit * i, audit);
  update_truth();
}

// --- time ------------------------------------------------------------------------------------------------------------

bool World::chance(double p) { return std::uniform_real_distribution<>(0, 1)(rng_) < p; }

void World::at(Duration delay, std::function<void()> what) { queue_.emplace(now_ + delay, std::move(what)); }

void World::run_for(Duration time) {
  const Instant end = now_ + time;
  pump();
  while (violation_.empty()) {
    Instant next = queue_.empty() ? kNever : queue_.begin()->first;
    const bool event = next != kNever;
    if (stafd_.brain) next = std::min(next, stafd_.brain->deadline());
    if (stacd_.brain) next = std::min(next, stacd_.brain->deadline());
    if (next > end) break;
    if (now_ - wakeups_since_ > std::chrono::minutes(1)) {
      wakeups_ = 0;
      wakeups_since_ = now_;
    }
    if (!event || next < queue_.begin()->first) {
      if (++wakeups_ > kMaxWakeupsPerMinute) violate("busy loop: more than 2000 wake-ups within a minute");
    }
    now_ = std::max(now_, next);
    while (!queue_.empty() && queue_.begin()->first <= now_) {
      auto what = std::move(queue_.begin()->second);
      queue_.erase(queue_.begin());
      what();
    }
    pump();
  }
  now_ = std::max(now_, end);
}

void World::pump() {
  if (stafd_.brain) advance(stafd_);
  if (stacd_.brain) advance(stacd_);
}

void World::violate(std::string text) {
  if (violation_.empty()) violation_ = number(now_) + " ms: " + std::move(text);
}

// --- daemons ---------------------------------------------------------------------------------------------------------

template <class Daemon>
void World::advance(Daemon& daemon) {
  const auto actions = daemon.brain->advance(now_);
  for (const auto& action : actions) execute(daemon, action);
  for (const auto& action : daemon.brain->advance(now_))
    if (std::holds_alternative<Connect>(action) || std::holds_alternative<Disconnect>(action) ||
        std::holds_alternative<FetchLogPage>(action))
      violate("a second advance() at the same instant gives orders");
  if (daemon.brain->deadline() <= now_) violate("deadline() is not in the future");
}

template <class Daemon>
bool World::execute_common(Daemon& daemon, const Action& action) {
  if (const auto* report = std::get_if<Report>(&action)) {
    journal_.push_back(number(now_) + " " + report->text);
    return true;
  }
  const Duration usual = std::chrono::milliseconds(5 + static_cast<int>(rng_() % 60));
  const Duration slow = hanging_ && chance(0.3) ? Duration(std::chrono::seconds(90)) : usual;
  const unsigned epoch = daemon.epoch;
  if (const auto* connect = std::get_if<Connect>(&action)) {
    ++orders_;
    for (const auto& [op, tid] : daemon.ops.any)
      if (tid == connect->tid) violate("two operations at a time for " + tid.to_string());
    for (const auto& [name, device] : devices_)
      if (device.kind == connect->kind && device.tid == connect->tid && device.device.state == "live" && !lossy_ &&
          daemon.brain->devices().find(device.device.ref) != nullptr)
        violate("connect although " + name + " exists: " + connect->tid.to_string());
    daemon.ops.any.emplace(connect->op, connect->tid);
    daemon.ops.connecting.emplace(connect->op, connect->tid);
    ever_wanted_.insert(connect->tid);
    journal_.push_back(number(now_) + " connect " + connect->tid.to_string());
    at(slow, [this, &daemon, epoch, c = *connect] { finish(daemon, epoch, c.op, do_connect(c)); });
    return true;
  }
  if (const auto* disconnect = std::get_if<Disconnect>(&action)) {
    ++orders_;
    for (const auto& [op, tid] : daemon.ops.any)
      if (tid == disconnect->tid) violate("disconnect while an operation is pending: " + tid.to_string());
    judge(daemon, *disconnect);
    daemon.ops.any.emplace(disconnect->op, disconnect->tid);
    journal_.push_back(number(now_) + " disconnect " + disconnect->tid.to_string() + " " +
                       std::string(to_text(disconnect->reason)));
    at(slow, [this, &daemon, epoch, d = *disconnect] { finish(daemon, epoch, d.op, do_disconnect(d)); });
    return true;
  }
  return false;
}

template <class Daemon>
void World::finish(Daemon& daemon, unsigned epoch, OpId op, OpResult result) {
  if (!daemon.brain || daemon.epoch != epoch) return;  // the process that asked is gone; the kernel did it all the same
  daemon.ops.any.erase(op);
  daemon.ops.connecting.erase(op);
  daemon.brain->handle(OpDone{op, std::move(result)}, now_);
}

void World::execute(Stafd& daemon, const Action& action) {
  if (execute_common(daemon, action)) return;
  const unsigned epoch = daemon.epoch;
  if (const auto* fetch = std::get_if<FetchLogPage>(&action)) {
    for (const auto& [op, tid] : daemon.ops.any)
      if (tid == fetch->tid) violate("two operations at a time for " + tid.to_string());
    daemon.ops.any.emplace(fetch->op, fetch->tid);
    const Duration time =
        hanging_ && chance(0.3) ? Duration(std::chrono::seconds(60)) : Duration(std::chrono::milliseconds(3));
    at(time, [this, &daemon, epoch, f = *fetch] {
      auto result = do_fetch(f);
      const auto* page = std::get_if<LogPage>(&result);
      if (page != nullptr && !page->unchanged && daemon.brain && daemon.epoch == epoch) {
        const int t = f.tid.traddr().back() - '1';
        read_[t] = {targets_.at(t).subsystems, targets_.at(t).referrals};
        for (const int k : targets_.at(t).subsystems) ever_wanted_.insert(ioc_tid(t, k));
        update_truth();
      }
      finish(daemon, epoch, f.op, std::move(result));
    });
  } else if (const auto* supported = std::get_if<FetchSupported>(&action)) {
    daemon.ops.any.emplace(supported->op, supported->tid);
    at(std::chrono::milliseconds(1), [this, &daemon, epoch, op = supported->op] {
      finish(daemon, epoch, op, Error{ErrorKind::refused, 0, "no such log page"});
    });
  } else if (std::holds_alternative<SaveLastKnown>(action)) {
    daemon.saved = daemon.brain->last_known();
  } else if (std::holds_alternative<NotifyLogPagesChanged>(action) || std::holds_alternative<NotifyDcRemoved>(action)) {
    update_truth();
    at(std::chrono::milliseconds(1), [this, epoch] {
      if (stafd_.brain && stafd_.epoch == epoch) to_connector(StafChanged{});
    });
  }
}

void World::execute(Stacd& daemon, const Action& action) {
  if (execute_common(daemon, action)) return;
  if (std::holds_alternative<SaveLastKnown>(action)) {
    daemon.saved = daemon.brain->last_known();
  } else if (std::holds_alternative<FetchStafPages>(action)) {
    const unsigned epoch = daemon.epoch;
    at(std::chrono::milliseconds(2), [this, epoch] {
      if (stacd_.brain && stacd_.epoch == epoch) answer_staf_pages();
    });
  }
}

// What stafd's bus service and stacd's client make of it.
void World::answer_staf_pages() {
  if (!stafd_.brain || (lossy_ && chance(0.2)))
    return to_connector(StafPages{fail(ErrorKind::timed_out, "stafd does not answer"), {}});
  std::vector<StafDc> dcs;
  for (const auto& dc : stafd_.brain->controllers())
    dcs.push_back({dc.tid, std::string(to_text(dc.origin)),
                   !dc.entries.empty() || (dc.page_known && dc.page_track.failures == 0), dc.entries});
  to_connector(StafPages{std::move(dcs), stafd_.brain->ended()});
}

void World::to_finder(const Event& event) {
  if (stafd_.brain) stafd_.brain->handle(event, now_);
}

void World::to_connector(const Event& event) {
  if (stacd_.brain) stacd_.brain->handle(event, now_);
}

void World::device_event(const Event& event) {
  if (!lossy_ || !chance(0.3)) to_finder(event);
  if (!lossy_ || !chance(0.3)) to_connector(event);
}

void World::scan() {
  DevicesScanned all;
  for (const auto& [name, device] : devices_) all.devices.push_back(device.device);
  to_finder(all);
  to_connector(all);
}

void World::start_stafd() {
  if (stafd_.brain) return;
  ++stafd_.epoch;
  stafd_.ops = {};
  stafd_.brain = std::make_unique<Finder>();
  stafd_.brain->restore(stafd_.saved);
  configure_stafd();
  tell_mdns();
  at(std::chrono::milliseconds(4), [this] { scan(); });
  if (stacd_.brain)
    at(std::chrono::milliseconds(8), [this] {
      if (stafd_.brain) to_connector(StafAppeared{});
    });
}

void World::stop_stafd(bool lose_state) {
  if (!stafd_.brain) return;
  stafd_.brain.reset();
  ++stafd_.epoch;
  if (lose_state) {
    stafd_.saved = {};
    state_lost_ = true;
  }
  to_connector(StafVanished{});
}

void World::start_stacd() {
  if (stacd_.brain) return;
  ++stacd_.epoch;
  stacd_.ops = {};
  stacd_.brain = std::make_unique<Connector>();
  stacd_.brain->restore(stacd_.saved);
  configure_stacd();
  at(std::chrono::milliseconds(4), [this] { scan(); });
  if (stafd_.brain)
    at(std::chrono::milliseconds(8), [this] {
      if (stafd_.brain) to_connector(StafAppeared{});
    });
}

void World::stop_stacd() {
  stacd_.brain.reset();
  ++stacd_.epoch;
}

namespace {

std::shared_ptr<const HostIdentity> host() {
  auto identity = std::make_shared<HostIdentity>();
  identity->nqn = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
  identity->id = "11111111-2222-3333-4444-555555555555";
  return identity;
}

std::string address(int target) { return "10.0.0." + std::to_string(target + 1); }
std::string subsystem(int target, int k) { return "nqn.t" + std::to_string(target) + "-s" + std::to_string(k); }

ControllerLine line(const Tid& tid) {
  ControllerLine out;
  out.traddr = tid.traddr();
  out.subsysnqn = tid.subsysnqn();
  return out;
}

}  // namespace

Tid World::dc_tid(int target) const {
  return Tid(
      TidFields{Transport::tcp, address(target), "", "nqn.2014-08.org.nvmexpress.discovery", "", "", host()->nqn});
}

Tid World::ioc_tid(int target, int k) const {
  return Tid(TidFields{Transport::tcp, address(target), "", subsystem(target, k), "", "", host()->nqn});
}

void World::configure_stafd() {
  auto config = std::make_shared<StafdConfig>();
  for (const int target : dc_lines_) config->controllers.push_back(line(dc_tid(target)));
  for (const int target : dc_excludes_) {
    ExcludeRule rule;
    rule.traddr = address(target);
    config->excludes.push_back(rule);
  }
  to_finder(StafdConfigured{config, host()});
}

void World::configure_stacd() {
  auto config = std::make_shared<StacdConfig>();
  config->disconnect_scope = scope_;
  for (const auto& [target, k] : ioc_lines_) config->controllers.push_back(line(ioc_tid(target, k)));
  for (const auto& [target, k] : ioc_excludes_) {
    ExcludeRule rule;
    rule.subsysnqn = subsystem(target, k);
    config->excludes.push_back(rule);
  }
  to_connector(StacdConfigured{config, host()});
}

void World::tell_mdns() {
  MdnsChanged view{true, {}};
  for (const int target : announced_) {
    MdnsService service;
    service.name = "t" + std::to_string(target);
    service.stype = "_nvme-disc._tcp";
    service.resolved = true;
    service.transport = Transport::tcp;
    service.traddr = address(target);
    service.trsvcid = "8009";
    view.services.push_back(std::move(service));
  }
  to_finder(view);
}

// --- steps -----------------------------------------------------------------------------------------------------------

// wait MS | target T up|down|reboot|reads-fail|reads-work | add T K | remove T K | clear T | refer T U | unrefer T U |
// dc-line T on|off | dc-exclude T on|off | mdns T on|off | mdns-daemon off | ioc-line T K on|off | ioc-exclude T K
// on|off | scope only|all|no | stafd stop|start|lose | stacd stop|start | device-vanish N | admin-connect T K |
// admin-disconnect T K | lossy on|off | hanging on|off
bool World::step(const std::string& text) {
  std::istringstream in(text);
  std::string verb, arg;
  in >> verb;
  int t = 0, k = 0;
  const auto toggle = [&](auto& set, const auto& item) {
    in >> arg;
    if (arg == "on")
      set.insert(item);
    else
      set.erase(item);
  };
  if (verb == "wait") {
    in >> t;
    run_for(std::chrono::milliseconds(t));
  } else if (verb == "target") {
    in >> t >> arg;
    auto& target = targets_.at(t);
    if (arg == "down" || arg == "reboot") {
      target.up = false;
      lose_connections(t);
    }
    if (arg == "reboot") target.genctr = 1;
    if (arg == "up" || arg == "reboot") target.up = true;
    if (arg == "reads-fail") target.fails_reads = true;
    if (arg == "reads-work") target.fails_reads = false;
  } else if (verb == "add" || verb == "remove") {
    in >> t >> k;
    const bool changed =
        verb == "add" ? targets_.at(t).subsystems.insert(k).second : targets_.at(t).subsystems.erase(k) > 0;
    if (changed) target_changed(t);
  } else if (verb == "clear") {
    in >> t;
    targets_.at(t).subsystems.clear();
    target_changed(t);
  } else if (verb == "refer" || verb == "unrefer") {
    in >> t >> k;
    if (verb == "refer")
      targets_.at(t).referrals.insert(k);
    else
      targets_.at(t).referrals.erase(k);
    target_changed(t);
  } else if (verb == "dc-line") {
    in >> t;
    toggle(dc_lines_, t);
    configure_stafd();
  } else if (verb == "dc-exclude") {
    in >> t;
    toggle(dc_excludes_, t);
    if (arg == "on") announced_ever_.erase(t);
    if (arg == "off" && announced_.contains(t)) announced_ever_.insert(t);
    configure_stafd();
  } else if (verb == "mdns") {
    in >> t;
    toggle(announced_, t);
    if (arg == "on" && !dc_excludes_.contains(t)) announced_ever_.insert(t);
    tell_mdns();
  } else if (verb == "mdns-daemon") {
    to_finder(MdnsChanged{false, {}});
    at(std::chrono::seconds(5), [this] { tell_mdns(); });
  } else if (verb == "ioc-line") {
    in >> t >> k;
    toggle(ioc_lines_, std::pair(t, k));
    configure_stacd();
  } else if (verb == "ioc-exclude") {
    in >> t >> k;
    toggle(ioc_excludes_, std::pair(t, k));
    configure_stacd();
  } else if (verb == "scope") {
    in >> arg;
    scope_ = arg == "all"  ? DisconnectScope::all_connections_matching_disconnect_trtypes
             : arg == "no" ? DisconnectScope::no_disconnect
                           : DisconnectScope::only_stas_connections;
    configure_stacd();
  } else if (verb == "stafd") {
    in >> arg;
    if (arg == "start") start_stafd();
    if (arg == "stop" || arg == "lose") stop_stafd(arg == "lose");
  } else if (verb == "stacd") {
    in >> arg;
    arg == "start" ? start_stacd() : stop_stacd();
  } else if (verb == "device-vanish") {
    in >> t;
    if (!devices_.empty()) remove_device(std::next(devices_.begin(), t % static_cast<int>(devices_.size()))->first);
  } else if (verb == "admin-connect") {
    in >> t >> k;
    const auto tid = ioc_tid(t, k);
    const bool exists =
        std::any_of(devices_.begin(), devices_.end(), [&](const auto& d) { return d.second.tid == tid; });
    if (!exists && targets_.at(t).up && targets_.at(t).subsystems.contains(k))
      create_device(tid, ControllerKind::io, true);
  } else if (verb == "admin-disconnect") {
    in >> t >> k;
    for (const auto& [name, device] : devices_)
      if (device.tid == ioc_tid(t, k)) {
        remove_device(name);
        break;
      }
  } else if (verb == "lossy") {
    in >> arg;
    lossy_ = arg == "on";
  } else if (verb == "hanging") {
    in >> arg;
    hanging_ = arg == "on";
  } else {
    return false;
  }
  update_truth();
  pump();
  return true;
}

std::string World::print() const {
  std::vector<std::string> lines;
  for (const auto& [name, d] : devices_)
    lines.push_back(name + (d.kind == ControllerKind::io ? " io " : " dc ") + d.tid.traddr() + " " + d.tid.subsysnqn() +
                    " " + d.device.state + (d.by_admin ? " admin" : ""));
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const auto& l : lines) text += l + "\n";
  return text;
}

void World::settle() {
  lossy_ = hanging_ = false;
  for (auto& target : targets_) {
    target.up = true;
    target.fails_reads = false;
  }
  start_stafd();
  start_stacd();
  update_truth();
  run_for(std::chrono::seconds(1500));
  if (violation_.empty()) check_end();
}

}  // namespace stas::model
