// SPDX-License-Identifier: Apache-2.0
#include "stacd/health.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

namespace stas {

namespace {

class Survey {
 public:
  Survey(const Connector& brain, Instant now) : brain_(brain), table_(brain.table_at(now)) {}

  Health run() {
    Health health;
    health.complete = brain_.devices().complete();
    health.staf_answers = brain_.staf().current();
    if (!health.complete) return health;
    for (const Row& row : table_.rows) add(row);
    add_others();
    for (auto& [nqn, subsystem] : by_nqn_)
      if (subsystem.desired > 0 || subsystem.held > 0) health.subsystems.push_back(std::move(subsystem));
    return health;
  }

 private:
  void add(const Row& row) {
    const Ioc* ioc = brain_.find(row.tid);
    const DeviceRef* ref = ioc == nullptr ? nullptr : brain_.device_of(*ioc);
    const auto state = path_state(ref == nullptr ? nullptr : brain_.devices().find(*ref));
    if (row.standing == Standing::wanted || row.waits()) {
      if (ioc == nullptr || !is_another_name(*ioc)) add_desired(row, ioc, state);
      return;
    }
    // Of several names of one connection, the one that has it counts.
    SubsystemHealth& subsystem = of(row.tid.subsysnqn());
    if (ioc != nullptr && ioc->device && state == "live") ++subsystem.others;
    if (row.standing != Standing::held || ioc == nullptr || ioc->alias_of) return;
    ++subsystem.held;
    if (state == "live") return;
    ++subsystem.lost;
    miss(subsystem, row, ioc, state);
  }

  // Its connection is counted where the name that has it is wanted.
  bool is_another_name(const Ioc& ioc) const {
    const Row* owner = ioc.alias_of ? table_.find(*ioc.alias_of) : nullptr;
    return owner != nullptr && owner->standing == Standing::wanted;
  }

  void add_desired(const Row& row, const Ioc* ioc, std::string_view state) {
    SubsystemHealth& subsystem = of(row.tid.subsysnqn());
    ++subsystem.desired;
    if (state == "live") {
      ++subsystem.live;
      return;
    }
    ++(state == "connecting"  ? subsystem.connecting
       : state == "resetting" ? subsystem.resetting
       : state == "deleting"  ? subsystem.deleting
                              : subsystem.missing);
    miss(subsystem, row, ioc, state);
  }

  void miss(SubsystemHealth& subsystem, const Row& row, const Ioc* ioc, std::string_view state) const {
    if (subsystem.reason.empty()) subsystem.reason = row.tid.to_string() + ": " + trouble(row, ioc, state);
  }

  std::string trouble(const Row& row, const Ioc* ioc, std::string_view state) const {
    if (row.waits()) return row.because;
    if (ioc == nullptr) return "not looked after yet";
    if (const DeviceRef* device = brain_.device_of(*ioc); device != nullptr)
      return device->name + " is " + std::string(state);
    if (brain_.given_up(*ioc, row)) return "the central discovery controller reports no connectivity (NCC)";
    if (!ioc->last_error.empty()) return ioc->last_error;
    return ioc->op == Ioc::Op::connect ? "being connected" : "not connected yet";
  }

  // Connections that the table does not know.
  void add_others() {
    std::unordered_set<std::string> ours;
    for (const Ioc& ioc : brain_.controllers())
      if (ioc.device) ours.insert(ioc.device->name);
    for (const auto& [name, device] : brain_.devices().all()) {
      const auto it = by_nqn_.find(device.subsysnqn);
      if (it == by_nqn_.end() || ours.contains(name) || !is_kind(device, ControllerKind::io)) continue;
      if (path_state(&device) == "live") ++it->second.others;
    }
  }

  SubsystemHealth& of(const std::string& nqn) {
    SubsystemHealth& subsystem = by_nqn_[nqn];
    subsystem.nqn = nqn;
    return subsystem;
  }

  const Connector& brain_;
  const Desired table_;
  std::map<std::string, SubsystemHealth> by_nqn_;
};

}  // namespace

std::string_view to_text(Condition condition) {
  switch (condition) {
    case Condition::ok:
      return "ok";
    case Condition::degraded:
      return "degraded";
    case Condition::down:
      return "down";
  }
  return "";
}

Condition SubsystemHealth::condition() const {
  if (live >= desired) return lost == 0 ? Condition::ok : Condition::degraded;
  return live + others > 0 ? Condition::degraded : Condition::down;
}

Condition Health::condition() const {
  Condition worst = Condition::ok;
  for (const auto& subsystem : subsystems) worst = std::max(worst, subsystem.condition());
  return worst;
}

Health health(const Connector& brain, Instant now) {
  return brain.config() == nullptr ? Health() : Survey(brain, now).run();
}

Json to_json(const Health& health) {
  auto subsystems = Json::array();
  for (const auto& subsystem : health.subsystems) {
    auto json = Json::object();
    json.add("subsysnqn", subsystem.nqn);
    json.add("status", to_text(subsystem.condition()));
    json.add("desired", subsystem.desired);
    json.add("live", subsystem.live);
    json.add("connecting", subsystem.connecting);
    json.add("resetting", subsystem.resetting);
    json.add("deleting", subsystem.deleting);
    json.add("missing", subsystem.missing);
    json.add("held", subsystem.held);
    json.add("lost", subsystem.lost);
    json.add("others", subsystem.others);
    json.add("reason", subsystem.reason);
    subsystems.append(std::move(json));
  }
  auto json = Json::object();
  json.add("status", health.complete ? to_text(health.condition()) : std::string_view("unknown"));
  json.add("stafd answers", health.staf_answers);
  json.add("subsystems", std::move(subsystems));
  return json;
}

}  // namespace stas
