// SPDX-License-Identifier: Apache-2.0
//
// What was planned is what happens, if nothing else happens in between: before each reload of stacd its plan is asked
// for (stacd/rehearsal.h), and every order from then on is held against it, until there is any other news.
#include <algorithm>
#include <type_traits>

#include "stacd/rehearsal.h"
#include "tests/model/world.h"

namespace stas::model {

namespace {

// Operations take their time here, and none in a plan; what waits for one (a replacement) is as much later.
constexpr Duration kSlack = std::chrono::seconds(1);
constexpr unsigned kOneOf = 3;

constexpr Duration kHorizon = std::chrono::minutes(3);  // so far a plan looks ahead, and all of it has come true

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

}  // namespace

void World::promise(const StacdConfigured& reload) {
  something_else();
  if (!stacd_.ops.empty() || stacd_.brain->staf().being_read() != nullptr) return;  // what they come to, nobody knows
  if (used_.any() && stacd_.config->disconnect_guard == DisconnectGuard::hold) return;  // nor who uses what then
  if (++reloads_ % kOneOf != 0) return;  // a plan costs as much as the minutes that it looks ahead
  const Plan told = plan(*stacd_.brain, reload, {"stacd.conf", "stacd.conf"}, now_);
  if (!told.finished) return violate("plan", "the plan does not come to an end");
  promise_.at = now_;
  for (const auto& step : told.steps) {
    if (step.fate == Fate::connect && is_open(step.tid, told)) return;
    if (step.fate == Fate::connect) promise_.connects.emplace(step.tid, now_ + step.after);
    if (step.fate == Fate::disconnect) promise_.disconnects.emplace(step.device, now_ + step.after);
  }
  promise_.in_force = true;
  log("plan made");
  note(Feature::plan_made);
}

// Whatever was due until now must have happened.
void World::check_promise() {
  if (!promise_.in_force) return;
  for (const auto& [tid, due] : promise_.connects)
    if (now_ > due + kSlack) violate("plan", "planned, and not connected: " + tid.to_string());
  for (const auto& [device, due] : promise_.disconnects)
    if (now_ > due + kSlack) violate("plan", "planned, and not disconnected: " + device);
  if (now_ - promise_.at < kHorizon) return;
  note(Feature::plan_kept);
  promise_ = {};
}

void World::something_else() {
  check_promise();
  if (promise_.in_force) log("plan over");
  promise_ = {};
}

void World::promise_keeps(const Connect& connect) {
  if (!promise_.in_force) return;
  const auto it = promise_.connects.find(connect.tid);
  if (it == promise_.connects.end()) return violate("plan", "not planned, and connected: " + connect.tid.to_string());
  if (now_ < it->second || now_ > it->second + kSlack)
    violate("plan", "connected at another time than was planned: " + connect.tid.to_string());
  promise_.connects.erase(it);
  note(Feature::plan_connected);
}

void World::promise_keeps(const Disconnect& disconnect) {
  if (!promise_.in_force) return;
  const auto it = promise_.disconnects.find(disconnect.device.name);
  if (it == promise_.disconnects.end())
    return violate("plan", "not planned, and disconnected: " + disconnect.device.name);
  if (now_ < it->second || now_ > it->second + kSlack)
    violate("plan", "disconnected at another time than was planned: " + disconnect.device.name);
  promise_.disconnects.erase(it);
  note(Feature::plan_disconnected);
}

// Is it news to stacd? Not what its own operations lead to, what is said again, and what discovery controllers do.
bool World::is_news(const Event& event) const {
  const Connector& brain = *stacd_.brain;
  const auto own = [&](bool connect, auto fits) {
    return std::ranges::any_of(stacd_.ops,
                               [&](const auto& op) { return op.second.connect == connect && fits(op.second); });
  };
  // Its name is taken: so the one that had it is gone, and the event that said so was lost.
  const auto replaces = [&](const Device& device) {
    const auto* known = brain.devices().find({device.ref.name, 0});
    return known != nullptr && known->ref != device.ref;
  };
  if (const auto* seen = std::get_if<DeviceSeen>(&event); seen != nullptr && replaces(seen->device)) return true;
  if (const auto* seen = std::get_if<DeviceSeen>(&event))
    return seen->device.cntrltype != "discovery" && !own(true, [&](const Op& op) {
             return seen->device.state == "live" && op.tid.traddr() == seen->device.traddr &&
                    op.tid.subsysnqn() == seen->device.subsysnqn;
           });
  if (const auto* gone = std::get_if<DeviceGone>(&event)) {
    const auto* device = brain.devices().find(gone->ref);
    return device != nullptr && device->cntrltype != "discovery" &&
           !own(false, [&](const Op& op) { return op.device == gone->ref; });
  }
  if (const auto* scan = std::get_if<DevicesScanned>(&event)) return !same_devices(*scan, brain.devices());
  if (const auto* pages = std::get_if<StafPages>(&event)) return !same_answer(*pages, brain.staf());
  if (const auto* done = std::get_if<OpDone>(&event)) {
    const auto* connected = std::get_if<Connected>(&done->result);
    return std::holds_alternative<Error>(done->result) || (connected != nullptr && replaces(connected->device));
  }
  return !std::holds_alternative<StacdConfigured>(event);
}

void World::hear(const Event& event) {
  if (promise_.in_force && is_news(event)) something_else();
}

}  // namespace stas::model
