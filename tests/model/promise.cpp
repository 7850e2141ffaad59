// SPDX-License-Identifier: Apache-2.0
//
// What was planned is what happens, if nothing else happens in between: before a reload the plan is asked for
// (stacd/rehearsal.h, stafd/rehearsal.h), and every order from then on is held against it, until there is any other
// news.
#include "tests/model/promise.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "stacd/rehearsal.h"
#include "stafd/rehearsal.h"
#include "tests/model/world.h"

namespace stas::model {

namespace {

constexpr unsigned kOneOf = 3;  // a plan costs as much as the minutes that it looks ahead
constexpr Duration kHorizon = std::chrono::minutes(3);

bool same_dc(const StafDc& a, const StafDc& b) {
  return a.tid == b.tid && a.origin == b.origin && a.page_known == b.page_known && a.entries == b.entries &&
         a.skipped == b.skipped && a.reading == b.reading;
}

bool same_answer(const StafPages& pages, const StafView& view) {
  const StafPages before = view.answer();
  return view.current() && pages.dcs && std::ranges::equal(*pages.dcs, *before.dcs, same_dc) &&
         pages.ended.size() == before.ended.size() && std::ranges::is_permutation(pages.ended, before.ended) &&
         pages.settled == before.settled;
}

bool same_devices(const DevicesScanned& scan, const DeviceBook& book) {
  return book.complete() && scan.devices.size() == book.all().size() &&
         std::ranges::all_of(scan.devices, [&](const Device& device) {
           const auto* known = book.find(device.ref);
           return known != nullptr && *known == device;
         });
}

std::string subsystem_at(const Tid& tid) { return tid.traddr() + " " + tid.subsysnqn(); }

// What a plan cannot know: which way a connection takes that does not say so, and so whether another name of the same
// path means it; and which of two comes first that replace each other under another host NQN.
bool is_open(const Tid& tid, const Plan& told) {
  const bool any_way = tid.host_iface().empty() && tid.host_traddr().empty();
  return std::ranges::any_of(told.steps, [&](const PlannedStep& other) {
    return other.tid != tid && subsystem_at(other.tid) == subsystem_at(tid) &&
           (any_way || other.tid.host_nqn() != tid.host_nqn());
  });
}

// The same of discovery controllers: nor what a new one is called by itself, and what it refers to.
bool is_open_dc(const Tid& tid, const Plan& told) {
  return std::ranges::any_of(
      told.steps, [&](const PlannedStep& other) { return other.tid != tid && other.tid.traddr() == tid.traddr(); });
}

}  // namespace

// --- the promise ---

void Promise::make(const Plan& told, Instant now, Duration late) {
  at_ = now;
  late_ = late;
  for (const auto& step : told.steps) {
    if (step.fate == Fate::connect) connects_.emplace(step.tid, now + step.after);
    // What is given back may be so at once, or turn out to take its connection.
    if (step.fate == Fate::disconnect && step.why != to_text(Reason::parked))
      disconnects_.emplace(step.device, now + step.after);
  }
  in_force_ = true;
}

std::string Promise::check(Instant now) const {
  if (!in_force_) return {};
  for (const auto& [tid, due] : connects_)
    if (now > due + late_) return "planned, and not connected: " + tid.to_string();
  for (const auto& [device, due] : disconnects_)
    if (now > due + late_) return "planned, and not disconnected: " + device;
  return {};
}

bool Promise::is_kept(Instant now) const { return in_force_ && now - at_ >= kHorizon; }

std::string Promise::keeps(const Connect& connect, Instant now) {
  const auto it = connects_.find(connect.tid);
  if (it == connects_.end()) return "not planned, and connected: " + connect.tid.to_string();
  if (now < it->second || now > it->second + late_)
    return "connected at another time than was planned: " + connect.tid.to_string();
  connects_.erase(it);
  return {};
}

std::string Promise::keeps(const Disconnect& disconnect, Instant now) {
  const auto it = disconnects_.find(disconnect.device.name);
  if (it == disconnects_.end()) return "not planned, and disconnected: " + disconnect.device.name;
  if (now < it->second || now > it->second + late_)
    return "disconnected at another time than was planned: " + disconnect.device.name;
  disconnects_.erase(it);
  return {};
}

// --- who makes it ---

void World::promise(const StacdConfigured& reload) {
  something_else(stacd_);
  if (!stacd_.ops.empty() || stacd_.brain->staf().being_read() != nullptr) return;  // what they come to, nobody knows
  if (used_.any() && stacd_.config->disconnect_guard == DisconnectGuard::hold) return;  // nor who uses what then
  if (++stacd_.reloads % kOneOf != 0) return;
  const Plan told = plan(*stacd_.brain, reload, {"stacd.conf", "stacd.conf"}, now_);
  if (!told.finished) return violate("plan", "the plan does not come to an end");
  for (const auto& step : told.steps)
    if (step.fate == Fate::connect && is_open(step.tid, told)) return;
  stacd_.promise.make(told, now_, std::chrono::seconds(1));
  log("plan made");
  note(Feature::plan_made);
}

// A page takes up to some seconds, and what waits for one waits as long.
void World::promise(const StafdConfigured& reload) {
  something_else(stafd_);
  if (!stafd_.ops.empty() || ++stafd_.reloads % kOneOf != 0) return;
  const Plan told = plan(*stafd_.brain, reload, {"stafd.conf", "stafd.conf"}, now_);
  if (!told.finished) return violate("plan", "the plan of stafd does not come to an end");
  for (const auto& step : told.steps)
    if (step.fate == Fate::connect && is_open_dc(step.tid, told)) return;
  stafd_.promise.make(told, now_, std::chrono::seconds(12));
  log("plan of stafd made");
  note(Feature::dc_plan_made);
}

void World::check_promise() {
  const auto check = [this](auto& daemon, Feature kept) {
    if (const auto wrong = daemon.promise.check(now_); !wrong.empty()) violate("plan", wrong);
    if (!daemon.promise.is_kept(now_)) return;
    note(kept);
    daemon.promise.end();
  };
  check(stacd_, Feature::plan_kept);
  check(stafd_, Feature::dc_plan_kept);
}

template <class D>
void World::something_else(D& daemon) {
  check_promise();
  if (daemon.promise.in_force()) log(std::is_same_v<D, Stacd> ? "plan over" : "plan of stafd over");
  daemon.promise.end();
}

template <class D, class Order>
void World::promise_keeps(D& daemon, const Order& order) {
  constexpr bool kConnects = std::is_same_v<Order, Connect>, kStacd = std::is_same_v<D, Stacd>;
  if (!daemon.promise.in_force()) return;
  if constexpr (!kConnects) {
    // Nobody knew its name; that it is connected was planned.
    const auto* device = find(order.device);
    if (device != nullptr && device->made_at > daemon.promise.made_at()) return;
  }
  // A plan connects what is read and given back; that it is, no plan can know before.
  if constexpr (!kConnects)
    if (order.reason == Reason::parked) return;
  if (const auto wrong = daemon.promise.keeps(order, now_); !wrong.empty()) {
    if constexpr (kConnects && !kStacd)
      if (is_due_again(order)) return;
    return violate("plan", wrong);
  }
  note(kConnects ? (kStacd ? Feature::plan_connected : Feature::dc_plan_connected)
                 : (kStacd ? Feature::plan_disconnected : Feature::dc_plan_disconnected));
}

// --- what ends it ---

// Of devices of its kind: not what its own operations lead to, and what is said again.
template <class D>
bool World::is_device_news(const D& daemon, const Event& event, bool io) const {
  const DeviceBook& book = daemon.brain->devices();
  const auto own = [&](bool connect, auto fits) {
    return std::ranges::any_of(daemon.ops,
                               [&](const auto& op) { return op.second.connect == connect && fits(op.second); });
  };
  // Its name is taken: so the one that had it is gone, and the event that said so was lost.
  const auto replaces = [&](const Device& device) {
    const auto* known = book.find({device.ref.name, 0});
    return known != nullptr && known->ref != device.ref;
  };
  const auto other_kind = [&](const Device& device) { return (device.cntrltype == "discovery") == io; };
  if (const auto* seen = std::get_if<DeviceSeen>(&event)) {
    if (replaces(seen->device)) return true;
    return !other_kind(seen->device) && !own(true, [&](const Op& op) {
      return seen->device.state == "live" && op.tid.traddr() == seen->device.traddr &&
             (!io || op.tid.subsysnqn() == seen->device.subsysnqn);
    });
  }
  if (const auto* gone = std::get_if<DeviceGone>(&event)) {
    const auto* device = book.find(gone->ref);
    return device != nullptr && !other_kind(*device) &&
           !own(false, [&](const Op& op) { return op.device == gone->ref; });
  }
  if (const auto* scan = std::get_if<DevicesScanned>(&event)) return !same_devices(*scan, book);
  const auto* done = std::get_if<OpDone>(&event);
  const auto* connected = done == nullptr ? nullptr : std::get_if<Connected>(&done->result);
  return (connected != nullptr && replaces(connected->device)) ||
         (done != nullptr &&
          (std::holds_alternative<Error>(done->result) || std::holds_alternative<AnsweredElsewhere>(done->result) ||
           std::holds_alternative<NobodyAnswered>(done->result)));
}

// What discovery controllers do is none.
bool World::is_news(const Stacd& daemon, const Event& event) const {
  if (const auto* pages = std::get_if<StafPages>(&event)) return !same_answer(*pages, daemon.brain->staf());
  const bool device = std::holds_alternative<DeviceSeen>(event) || std::holds_alternative<DeviceGone>(event) ||
                      std::holds_alternative<DevicesScanned>(event) || std::holds_alternative<OpDone>(event);
  return device ? is_device_news(daemon, event, true) : !std::holds_alternative<StacdConfigured>(event);
}

// A page is none that lists what it was taken to list: what is known, or nothing.
bool World::is_news(const Stafd& daemon, const Event& event) const {
  if (const auto* done = std::get_if<OpDone>(&event)) {
    const auto* page = std::get_if<LogPage>(&done->result);
    if (page == nullptr) return is_device_news(daemon, event, false);
    if (page->unchanged) return false;
    const auto flight = daemon.brain->in_flight().find(done->op);
    const Dc* dc =
        flight == daemon.brain->in_flight().end() ? nullptr : daemon.brain->controllers().find(flight->second.name);
    if (dc == nullptr || page->skipped > 0) return true;
    const Connection* connection = std::as_const(*daemon.brain).connection_of(*dc);
    const Entries known = connection != nullptr && connection->page.known ? connection->page.entries : dc->entries;
    return Entries(page->entries) != known;
  }
  const bool device = std::holds_alternative<DeviceSeen>(event) || std::holds_alternative<DeviceGone>(event) ||
                      std::holds_alternative<DevicesScanned>(event);
  return device ? is_device_news(daemon, event, false) : !std::holds_alternative<StafdConfigured>(event);
}

template <class D>
void World::hear(D& daemon, const Event& event) {
  if (daemon.promise.in_force() && is_news(daemon, event)) something_else(daemon);
}

// For the other files of the world.
template void World::something_else(Stafd& daemon);
template void World::something_else(Stacd& daemon);
template void World::promise_keeps(Stafd& daemon, const Connect& order);
template void World::promise_keeps(Stacd& daemon, const Connect& order);
template void World::promise_keeps(Stafd& daemon, const Disconnect& order);
template void World::promise_keeps(Stacd& daemon, const Disconnect& order);
template void World::hear(Stafd& daemon, const Event& event);
template void World::hear(Stacd& daemon, const Event& event);

}  // namespace stas::model
