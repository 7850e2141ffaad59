// SPDX-License-Identifier: Apache-2.0
//
// The core of a target: subsystems, controllers and the discovery service behind any number of queues, whatever
// transport they came by. Single-threaded; without sockets and without a clock (time is an argument), so that
// keep-alive and idle timeouts can be tested in no time. One object is one NVM subsystem complex with ids of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "tests/target/core/controller.h"
#include "tests/target/core/dim.h"
#include "tests/target/core/fault.h"
#include "tests/target/core/result.h"
#include "tests/target/core/stats.h"
#include "tests/target/core/timers.h"

namespace stas::target {

class Engine {
 public:
  // --- the transports' side ---
  Queue& open_queue(Port& port, Origin origin);
  /// The transport has lost or ended the queue; a controller that loses its admin queue ends with it.
  void close_queue(Queue& queue);
  /// Before any data moves: true if execute() may follow; else the command has been answered with the reason.
  bool admit(Queue& queue, const Sqe& sqe);
  /// Answers through the queue's port, at once or later (Asynchronous Event Request, injected delay) or never (drop).
  void execute(Queue& queue, const Sqe& sqe, Bytes data, Instant now);
  /// Answers without executing: what the transport found wrong with the data.
  void refuse(Queue& queue, const Sqe& sqe, const Reply& reply);
  void advance(Instant now);
  /// When advance() wants to be called next.
  [[nodiscard]] std::optional<Instant> deadline() const { return timers_.next(); }

  // --- the administrator's side; each success that shows in a log page advances the generation counter ---
  Result<void> add_listener(Listener listener);
  Result<void> remove_listener(std::uint16_t id);
  Result<void> add_subsystem(SubsystemConfig config);
  Result<void> remove_subsystem(const std::string& nqn);
  Result<void> set_ncc(const std::string& nqn, bool ncc);
  Result<void> set_host(const std::string& nqn, const std::string& host, bool allowed);
  Result<std::uint32_t> add_namespace(const std::string& nqn, NamespaceConfig config);
  Result<void> remove_namespace(const std::string& nqn, std::uint32_t nsid);
  Result<void> add_referral(ReferralConfig config);
  Result<void> remove_referral(const std::string& traddr, const std::string& trsvcid);
  Result<void> set_discovery(DiscoveryConfig config);
  /// A change that changes nothing but the generation counter.
  void bump();
  /// A fatal error (CSTS.CFS) in every controller that `hit` picks: their queues are closed. How many.
  std::size_t fail_controllers(const std::function<bool(const Controller&)>& hit);
  /// Starts counting generations at 1 again: the configuration has been loaded.
  void loaded() { model_.genctr = 1; }

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const std::map<std::uint64_t, std::unique_ptr<Controller>>& controllers() const { return controllers_; }
  [[nodiscard]] TargetConfig save() const;
  [[nodiscard]] const DimRegistry& dim() const { return dim_; }
  [[nodiscard]] FaultList& faults() { return faults_; }
  [[nodiscard]] Stats& stats() { return stats_; }

  // --- for the command handlers ---
  std::optional<std::uint16_t> allocate_cntlid(const Subsystem* subsystem);
  Controller& add_controller(std::unique_ptr<Controller> controller, Queue& admin);
  [[nodiscard]] Controller* find_controller(const Subsystem* subsystem, std::uint16_t cntlid) const;
  [[nodiscard]] Subsystem* find_subsystem(const std::string& nqn);
  void arm_keep_alive(Controller& controller);
  DimRegistry& dim() { return dim_; }
  [[nodiscard]] Occasion occasion(const Queue& queue, const Sqe& sqe) const;
  [[nodiscard]] Instant now() const { return now_; }
  void deliver_events(Controller& controller);

 private:
  struct Delayed {
    std::uint64_t queue;
    Completion completion;
  };
  /// Controller ids in use under one subsystem, and where the search for the next one starts: an id is not given out
  /// again before all others were, because a host may still hold it.
  struct CntlidPool {
    std::set<std::uint16_t> used;
    std::uint32_t next = 0;
  };
  using HostFilter = std::function<bool(const std::string& hostnqn)>;

  std::optional<Reply> dispatch(Queue& queue, const Sqe& sqe, Bytes& data);
  void count(const Queue& queue, const Sqe& sqe);
  void finish(Queue& queue, const Sqe& sqe, Reply reply);
  void drop(Controller& controller);
  void drop_if(const std::function<bool(const Controller&)>& hit);
  void expire(Controller& controller);
  /// The page of the hosts that `concerned` picks has changed.
  void discovery_changed(const HostFilter& concerned);
  void namespaces_changed(const Subsystem& subsystem, std::uint32_t nsid);

  Model model_;
  std::map<std::uint64_t, std::unique_ptr<Queue>> queues_;
  std::map<std::uint64_t, std::unique_ptr<Controller>> controllers_;
  std::map<const Subsystem*, CntlidPool> cntlids_;
  std::map<std::pair<const Subsystem*, std::uint16_t>, Controller*> by_cntlid_;
  std::map<std::uint64_t, Delayed> delayed_;
  Timers timers_;
  DimRegistry dim_;
  FaultList faults_;
  Stats stats_;
  Instant now_{};
  std::uint64_t next_key_ = 1;
};

}  // namespace stas::target
