// SPDX-License-Identifier: Apache-2.0
//
// How a plan is made: a copy of a brain is given another configuration and run ahead in simulated time, until all soaks
// and waits are over. In that time connects and disconnects succeed at once and nothing else happens. What decides is
// the brain itself, so the plan and what then happens cannot come from two rules. Pure; changes nothing but the copy.
// This is what is the same for both daemons; stafd/rehearsal and stacd/rehearsal derive from it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/plan.h"

namespace stas {

// A connection that was made in a rehearsal, as it would look. How it leaves this host is up to the routes; where a
// name says nothing, it shows nothing.
Device planned_device(const Tid& tid, ControllerKind kind, std::uint64_t number);

template <class Brain>
class Rehearsal {
 public:
  Rehearsal(const Rehearsal&) = delete;
  Rehearsal& operator=(const Rehearsal&) = delete;

 protected:
  struct Earlier {
    Tid tid;
    std::string device, source;
    bool owns = false;  // the connection is its own, not another name's
  };

  // `horizon`: past everything that ends by itself.
  Rehearsal(Brain brain, ControllerKind kind, const PlanFiles& files, Instant now, Duration horizon)
      : brain_(std::move(brain)),
        files_(files),
        file_(files.in_force),
        kind_(kind),
        begin_(now),
        now_(now),
        end_(now + horizon) {}
  virtual ~Rehearsal() = default;

  // What the daemons differ in is virtual.
  // Who names it or refuses it; "" when nobody does.
  virtual std::string source_of(const Tid& tid) const = 0;
  virtual std::string why_cut(const Tid& tid, Reason reason) const = 0;
  // Why it may fail, and what to do about that; "" when nothing is known.
  virtual std::string advice_on(const Connect& /*order*/) const { return {}; }
  // It is let go now: follows "the connection stays, as"; "" it belongs to somebody else.
  virtual std::string why_it_stays(const Tid& /*tid*/) const { return {}; }
  // The fact that an order leads to, of those that are not the same for both.
  virtual std::optional<Event> answer_to(const Action& action) = 0;
  // Who is tracked, and to be told of when it is not any more.
  virtual std::vector<Earlier> tracked() const = 0;
  // Device name -> whose connection it is.
  virtual std::unordered_map<std::string, Tid> owners() const = 0;

  // The runs are the same for both.
  // A reload. Facts that are on their way arrive, and the configuration in force does what it does anyway; then the
  // other one.
  template <class Configured>
  void reload(const std::vector<Event>& facts, const Configured& next) {
    for (const Event& fact : facts) brain_.handle(fact, now_);
    settle_now();
    remember();
    file_ = files_.next;
    brain_.handle(next, now_);
    run();
  }

  // A start of a brain that was restored and has heard of nothing yet.
  template <class Configured>
  void start(const std::vector<Event>& facts, const Configured& first) {
    file_ = files_.next;
    brain_.handle(first, now_);
    for (const Event& fact : facts) brain_.handle(fact, now_);
    remember();
    run();
  }

  PlannedStep& add(const Tid& tid, Fate fate, std::string device, Reason reason) {
    PlannedStep step{tid, fate, std::move(device), now_ - begin_, kNever, reason, {}, {}};
    step.why = fate == Fate::disconnect ? why_cut(tid, reason) : std::string(to_text(reason));
    step.source = source_of(tid);
    if (step.source.empty()) step.source = earlier_source(tid);
    happened_.insert(tid);
    return plan_.steps.emplace_back(std::move(step));
  }

  // "" unless it was named before.
  std::string earlier_source(const Tid& tid) const {
    const auto it = place_before_.find(tid);
    if (it == place_before_.end() || before_[it->second].source.empty()) return {};
    return "was " + before_[it->second].source;
  }

  bool happened(const Tid& tid) const { return happened_.contains(tid); }
  Device device_for(const Tid& tid) { return planned_device(tid, kind_, ++made_); }

  Brain brain_;
  const PlanFiles& files_;
  std::string file_;  // what the configuration is called that is in force
  Plan plan_;

 private:
  // Simulated rounds. Each has at least one fact or one end of a wait behind it; in a plan for 10,000 controllers there
  // are some ten, and one that comes to this many has lost its way.
  static constexpr int kMaxRounds = 10000;

  void run() {
    while (settle_now() && brain_.deadline() <= end_) now_ = std::max(now_, brain_.deadline());
  }

  void remember() {
    for (Earlier& earlier : tracked()) {
      if (happened_.contains(earlier.tid)) continue;
      place_before_.emplace(earlier.tid, before_.size());
      before_.push_back(std::move(earlier));
    }
    watching_ = true;
  }

  // All that happens at this instant. False: it does not come to an end.
  bool settle_now() {
    for (bool more = true; more;) {
      if (++rounds_ > kMaxRounds) return plan_.finished = false;
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
      PlannedStep& step = add(connect->tid, Fate::connect, {}, connect->reason);
      if (const std::string why = obstacle(connect->options); !why.empty())
        step.why += "; it will fail: " + why;
      else if (const std::string advice = advice_on(*connect); !advice.empty())
        step.why += "; " + advice;
    } else if (const auto* disconnect = std::get_if<Disconnect>(&action)) {
      add(disconnect->tid, Fate::disconnect, disconnect->device.name, disconnect->reason);
    } else if (const auto* report = std::get_if<Report>(&action)) {
      if (report->tid && report->reason != Reason::none) reasons_[*report->tid] = report->reason;
      if (report->tid && report->topic == Topic::let_go) stays_[*report->tid] = why_it_stays(*report->tid);
    }
  }

  // True: a fact came of it. Names are not looked up: what has an address keeps it, what has none waits.
  bool obey(const Action& action) {
    std::optional<Event> fact;
    if (const auto* connect = std::get_if<Connect>(&action))
      fact = OpDone{connect->op, Connected{device_for(connect->tid)}};
    else if (const auto* disconnect = std::get_if<Disconnect>(&action))
      fact = OpDone{disconnect->op, Disconnected{}};
    else
      fact = answer_to(action);
    if (!fact) return false;
    brain_.handle(*std::move(fact), now_);
    return true;
  }

  // Who is not looked after any more, and nothing was said about it.
  void note_lost() {
    std::optional<std::unordered_map<std::string, Tid>> owners_now;
    for (const Earlier& earlier : before_) {
      const Tid& tid = earlier.tid;
      if (brain_.find(tid) != nullptr || happened_.contains(tid)) continue;
      if (!owners_now) owners_now = owners();
      const auto owner = owners_now->find(earlier.device);
      const bool inherited = owner != owners_now->end();
      const auto reason = reasons_.find(tid);
      const Device* device = earlier.owns && !inherited ? brain_.devices().find({earlier.device, 0}) : nullptr;
      const bool released = device != nullptr;
      auto& step = add(tid, released ? Fate::release : Fate::forget, earlier.device,
                       reason == reasons_.end() ? Reason::none : reason->second);
      if (inherited) step.why = "its connection goes on as " + owner->second.to_string();
      if (released)
        step.why +=
            "; the connection stays, as " + (stays_[tid].empty() ? "it belongs to " + device->owner : stays_[tid]);
    }
  }

  const ControllerKind kind_;
  const Instant begin_;
  Instant now_;
  const Instant end_;
  int rounds_ = 0;
  std::uint64_t made_ = 0;
  bool watching_ = false;
  std::unordered_set<Tid> happened_;
  std::vector<Earlier> before_;  // as it was when the other configuration came
  std::unordered_map<Tid, std::size_t> place_before_;
  std::unordered_map<Tid, Reason> reasons_;
  std::unordered_map<Tid, std::string> stays_;  // let go: why the connection stays
};

}  // namespace stas
