// SPDX-License-Identifier: Apache-2.0
#include "stacd/plan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace stas {

namespace {

// Simulated rounds. Each has at least one fact or one end of a wait behind it; in a plan for 10,000 controllers there
// are some ten, and one that comes to this many has lost its way.
constexpr int kMaxTurns = 10000;

// Past everything that ends by itself: a replacement may be waited for, then the page of a new discovery controller.
Duration horizon(const ConnectorTiming& timing) { return timing.long_soak + 3 * timing.patience; }

std::string disconnect_why(const Connector& brain, const Tid& tid, Reason reason) {
  const Row* row = brain.table().find(tid);
  const std::string text(to_text(reason));
  if (row != nullptr && row->last_path && brain.config()->disconnect_guard == DisconnectGuard::hold)
    return text + "; kept if it is in use then";
  return row != nullptr && row->rule == nullptr && !row->because.empty() ? text + "; " + row->because : text;
}

class Rehearsal {
 public:
  Rehearsal(Connector brain, const OriginFiles& files, Instant now)
      : brain_(std::move(brain)), files_(files), begin_(now), now_(now), end_(now + horizon(brain_.timing())) {}

  Plan run(const StacdConfigured& reload) {
    finish_what_runs();
    settle_now();  // what the daemon does anyway before it looks at another file
    remember();
    file_ = files_.next;
    brain_.handle(reload, now_);
    while (settle_now() && brain_.deadline() <= end_) now_ = std::max(now_, brain_.deadline());
    add_what_stays();
    return std::move(plan_);
  }

 private:
  // Operations and a question that are in flight already.
  void finish_what_runs() {
    file_ = files_.in_force;
    std::vector<Event> answers;
    for (const Ioc& ioc : brain_.controllers()) {
      if (ioc.op == Ioc::Op::connect) {
        add(ioc.tid, Fate::connect, {}, Reason::none).why = "being connected";
        answers.emplace_back(OpDone{ioc.op_id, Connected{device_for(ioc.tid)}});
      } else if (ioc.op == Ioc::Op::disconnect) {
        const Row* row = brain_.is_current() ? brain_.table().find(ioc.tid) : nullptr;
        add(ioc.tid, Fate::disconnect, ioc.device ? ioc.device->name : std::string(),
            row != nullptr ? row->reason : Reason::none)
            .why = "being disconnected";
        answers.emplace_back(OpDone{ioc.op_id, Disconnected{}});
      }
      if (ioc.usage.pending != kNever) answers.emplace_back(OpDone{ioc.usage_op, Usage{ioc.usage.by}});
    }
    for (Event& answer : answers) brain_.handle(std::move(answer), now_);
    if (brain_.is_asking_staf() && brain_.staf().current()) brain_.handle(brain_.staf().answer(), now_);
  }

  // All that happens at this instant. False: it does not come to an end.
  bool settle_now() {
    for (bool more = true; more;) {
      if (++rounds_ > kMaxTurns) return plan_.finished = false;
      more = false;
      const Actions actions = brain_.advance(now_);
      for (const Action& action : actions) note(action);  // while the table is the one that led to them
      if (watching_) note_lost();
      for (const Action& action : actions) more |= obey(action);
    }
    return true;
  }

  void note(const Action& action) {
    if (const auto* connect = std::get_if<Connect>(&action)) {
      add(connect->tid, Fate::connect, {}, connect->reason);
    } else if (const auto* disconnect = std::get_if<Disconnect>(&action)) {
      add(disconnect->tid, Fate::disconnect, disconnect->device.name, disconnect->reason);
    } else if (const auto* report = std::get_if<Report>(&action)) {
      if (report->tid && report->reason != Reason::none) reasons_[*report->tid] = report->reason;
    }
  }

  // True: a fact came of it. Names are not looked up: what has an address keeps it, what has none waits.
  bool obey(const Action& action) {
    if (const auto* connect = std::get_if<Connect>(&action)) {
      brain_.handle(OpDone{connect->op, Connected{device_for(connect->tid)}}, now_);
      return true;
    }
    if (const auto* disconnect = std::get_if<Disconnect>(&action)) {
      brain_.handle(OpDone{disconnect->op, Disconnected{}}, now_);
      return true;
    }
    // What is in use stays in use; of the rest nobody knows.
    if (const auto* inspect = std::get_if<InspectUsage>(&action)) {
      const Ioc* ioc = brain_.find(inspect->tid);
      brain_.handle(OpDone{inspect->op, Usage{ioc != nullptr ? ioc->usage.by : std::string()}}, now_);
      return true;
    }
    // A stafd that has not answered yet is not spoken for.
    if (!std::holds_alternative<FetchStafPages>(action) || !brain_.staf().current()) return false;
    brain_.handle(brain_.staf().answer(), now_);
    return true;
  }

  // As it would look. How a connection leaves this host is up to the routes; where a name says nothing, it shows
  // nothing.
  Device device_for(const Tid& tid) {
    Device device;
    device.ref = {"planned" + std::to_string(++made_), made_};
    device.transport = to_text(tid.transport());
    device.traddr = tid.traddr();
    device.trsvcid = tid.trsvcid();
    device.host_traddr = tid.host_traddr();
    device.host_iface = tid.host_iface();
    device.subsysnqn = tid.subsysnqn();
    device.hostnqn = tid.host_nqn();
    device.cntrltype = "io";
    device.state = "live";
    return device;
  }

  PlannedStep& add(const Tid& tid, Fate fate, std::string device, Reason reason) {
    PlannedStep step{tid, fate, std::move(device), now_ - begin_, kNever, reason, {}, {}};
    step.why = fate == Fate::disconnect ? disconnect_why(brain_, tid, reason) : std::string(to_text(reason));
    const Row* row = brain_.is_current() ? brain_.table().find(tid) : nullptr;
    if (row != nullptr) step.source = source(*row);
    if (step.source.empty()) step.source = earlier_source(tid);
    happened_.insert(tid);
    return plan_.steps.emplace_back(std::move(step));
  }

  std::string source(const Row& row) const {
    auto rule = refused_by(row, *brain_.config(), file_);
    return rule.empty() ? named_by(row, file_) : rule;
  }

  std::string earlier_source(const Tid& tid) const {
    const auto it = place_before_.find(tid);
    if (it == place_before_.end() || before_[it->second].source.empty()) return {};
    return "was " + before_[it->second].source;
  }

  struct Earlier {
    Tid tid;
    std::string device, source;
    bool owns = false;
  };

  void remember() {
    for (const Ioc& ioc : brain_.controllers()) {
      if (ioc.foreign || happened_.contains(ioc.tid)) continue;
      const DeviceRef* device = brain_.device_of(ioc);
      const Row* row = brain_.table().find(ioc.tid);
      Earlier earlier{ioc.tid, device != nullptr ? device->name : std::string(),
                      row != nullptr ? named_by(*row, file_) : "", ioc.device.has_value()};
      if (earlier.source.empty()) earlier.source = remembered_by(ioc);
      place_before_.emplace(ioc.tid, before_.size());
      before_.push_back(std::move(earlier));
    }
    watching_ = true;
  }

  // Who is not looked after any more, and nothing was said about it.
  void note_lost() {
    std::unordered_map<std::string, const Tid*> owners;
    for (const Earlier& earlier : before_) {
      const Tid& tid = earlier.tid;
      if (brain_.find(tid) != nullptr || happened_.contains(tid)) continue;
      if (owners.empty()) owners = owners_now();
      const auto owner = owners.find(earlier.device);
      const Tid* heir = owner == owners.end() ? nullptr : owner->second;
      const auto reason = reasons_.find(tid);
      const bool released = earlier.owns && heir == nullptr && exists(earlier.device);
      auto& step = add(tid, released ? Fate::release : Fate::forget, earlier.device,
                       reason == reasons_.end() ? Reason::none : reason->second);
      if (heir != nullptr) step.why = "its connection goes on as " + heir->to_string();
      if (released) step.why += "; the connection stays, as disconnect-scope says";
    }
  }

  bool exists(const std::string& device) const { return brain_.devices().find({device, 0}) != nullptr; }

  // Device name -> whose connection it is.
  std::unordered_map<std::string, const Tid*> owners_now() const {
    std::unordered_map<std::string, const Tid*> owners;
    for (const Ioc& ioc : brain_.controllers())
      if (ioc.device) owners.emplace(ioc.device->name, &ioc.tid);
    return owners;
  }

  void add_what_stays() {
    for (const Row& row : brain_.table().rows) {
      if (happened_.contains(row.tid)) continue;
      const Ioc* ioc = brain_.find(row.tid);
      const DeviceRef* device = ioc != nullptr ? brain_.device_of(*ioc) : nullptr;
      PlannedStep step{row.tid, Fate::keep, device != nullptr ? device->name : std::string(), {}, kNever, row.reason,
                       {},      {}};
      step.why = row.because.empty() ? std::string(to_text(row.reason)) : row.because;
      step.source = source(row);
      if (row.standing == Standing::held || row.standing == Standing::leaving) {
        step.fate = Fate::hold;
        step.until = row.until;
      } else if (row.standing == Standing::refused) {
        step.fate = row.waits() ? Fate::wait : Fate::refuse;
      } else if (row.standing == Standing::wanted && device == nullptr) {
        step.fate = Fate::wait;
        step.why = brain_.devices().complete() ? "no attempt is due" : "the devices of this host are not known yet";
      } else if (row.standing == Standing::foreign && step.why.empty()) {
        step.why = "not ours";
      }
      if (step.source.empty()) step.source = earlier_source(row.tid);
      plan_.steps.push_back(std::move(step));
    }
  }

  Connector brain_;
  const OriginFiles& files_;
  std::string file_;
  const Instant begin_;
  Instant now_;
  const Instant end_;
  int rounds_ = 0;
  std::uint64_t made_ = 0;
  bool watching_ = false;
  Plan plan_;
  std::unordered_set<Tid> happened_;
  std::vector<Earlier> before_;  // as it was when the other file came
  std::unordered_map<Tid, std::size_t> place_before_;
  std::unordered_map<Tid, Reason> reasons_;
};

}  // namespace

std::string_view to_text(Fate fate) {
  switch (fate) {
    case Fate::disconnect:
      return "disconnect";
    case Fate::release:
      return "release";
    case Fate::connect:
      return "connect";
    case Fate::forget:
      return "forget";
    case Fate::hold:
      return "hold";
    case Fate::refuse:
      return "refuse";
    case Fate::wait:
      return "wait";
    case Fate::keep:
      return "keep";
  }
  return "";
}

bool Plan::has(Fate fate) const {
  return std::ranges::any_of(steps, [&](const PlannedStep& step) { return step.fate == fate; });
}

Plan plan(Connector scratch, const StacdConfigured& reload, const OriginFiles& files, Instant now) {
  return Rehearsal(std::move(scratch), files, now).run(reload);
}

}  // namespace stas
