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
#include <vector>

#include "tests/target/core/controller.h"
#include "tests/target/core/dim.h"
#include "tests/target/core/fault.h"
#include "tests/target/core/result.h"
#include "tests/target/core/stats.h"
#include "tests/target/core/timers.h"

namespace stas::target {

class Engine {
 public:
  explicit Engine(Executor* executor = nullptr) : executor_(executor != nullptr ? *executor : inline_executor_) {}

  // --- the transports' side ---
  Queue& open_queue(Port& port, Origin origin);
  /// The transport has lost or ended the queue; a controller that loses its admin queue ends with it.
  void close_queue(Queue& queue);
  /// Before any data moves: true if execute() or refuse() is to follow; else the command has been answered with the
  /// reason. From here on the queue holds the request.
  bool admit(Queue& queue, const Sqe& sqe, Instant now);
  /// Answers through the queue's port, at once or later (a backend, Asynchronous Event Request, injected delay) or
  /// never (drop).
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
  /// Takes over what may change while a subsystem runs (everything but NQN, namespaces and CNTLID range); disabling it
  /// and hosts that lost their admission end connections.
  Result<void> set_subsystem(SubsystemConfig config);
  [[nodiscard]] const Subsystem* subsystem(const std::string& nqn) const;
  Result<void> set_host(const std::string& nqn, const std::string& host, bool allowed);
  Result<void> allow_any_host(const std::string& nqn, bool any);
  /// For the exchanges that begin from now on; without a key the host need not authenticate.
  Result<void> set_auth(const std::string& nqn, const std::string& host, const AuthConfig& auth);
  /// Interchange form of a key for TLS; without one the host has none here.
  Result<void> set_tls_key(const std::string& nqn, const std::string& host, const std::string& key);
  /// The TLS keys a host may use for a subsystem; for the discovery service those of all subsystems.
  [[nodiscard]] std::vector<std::string> tls_keys(const std::string& host, const std::string& subnqn) const;
  Result<std::uint32_t> add_namespace(const std::string& nqn, NamespaceConfig config);
  /// What of a namespace may change while it exists: all but its id and its backend.
  Result<void> set_namespace(const std::string& nqn, NamespaceConfig config);
  Result<void> remove_namespace(const std::string& nqn, std::uint32_t nsid);
  Result<void> resize_namespace(const std::string& nqn, std::uint32_t nsid, std::uint64_t size);
  Result<void> attach_namespace(const std::string& nqn, std::uint32_t nsid, std::uint16_t cntlid, bool attached);
  Result<void> add_backend(const BackendConfig& config);
  Result<void> remove_backend(const std::string& name);
  Result<void> resize_backend(const std::string& name, std::uint64_t size);
  [[nodiscard]] const std::map<std::string, std::shared_ptr<Backend>>& backends() const { return backends_; }
  /// Of a group behind a listener; with `nqn` of one subsystem only.
  Result<void> set_ana(std::uint16_t listener, std::uint32_t group, AnaState state, const std::string& nqn);
  /// An empty list of members removes the group.
  Result<void> set_zone_group(const ZoneGroupConfig& group);
  Result<void> add_referral(ReferralConfig config);
  Result<void> remove_referral(const std::string& traddr, const std::string& trsvcid);
  Result<void> set_discovery(DiscoveryConfig config);
  /// For hosts and names that come from now on; fails if a name that is there already does not fit.
  Result<void> set_policy(PolicyConfig policy);
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
  /// Answers a request, if it is still there.
  void complete(const RequestRef& ref, Reply reply);
  [[nodiscard]] Queue* find_queue(std::uint64_t key) const;
  /// Takes a request that nobody works on any more out of its queue and answers it as aborted. False: it is too late.
  bool abort(Queue& queue, std::uint16_t cid, std::uint16_t status = status::kAbortRequested);
  void end_queue(Queue& queue);
  void fail_controller(Controller& controller);
  void watch_authentication(Queue& queue);
  void namespaces_changed(const Subsystem& subsystem, std::uint32_t nsid, const Controller* except = nullptr);
  Model& mutable_model() { return model_; }
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
  /// Controller ids in use under one subsystem, and where the search for the next one starts: an id is not given out
  /// again before all others were, because a host may still hold it.
  struct CntlidPool {
    std::set<std::uint16_t> used;
    std::uint32_t next = 0;
  };
  using HostFilter = std::function<bool(const std::string& hostnqn)>;

  std::optional<Reply> dispatch(Queue& queue, Request& request, const RequestRef& ref);
  [[nodiscard]] std::optional<Reply> wrong_with(const Queue& queue, const Sqe& sqe) const;
  void count(Queue& queue, const Sqe& sqe);
  /// Makes a completion of a reply and hands it over, or keeps it if a fault delays it.
  void finish(Queue& queue, Request& request, Reply reply);
  void hand_over(Queue& queue, std::uint16_t cid, Completion completion);
  void fire(std::uint64_t key);
  void drop(Controller& controller);
  void drop_if(const std::function<bool(const Controller&)>& hit);
  void expire(Controller& controller);
  /// The page of the hosts that `concerned` picks has changed.
  void discovery_changed(const HostFilter& concerned);
  [[nodiscard]] Result<void> check_nqn(const std::string& nqn, const char* what) const;
  void ana_changed(const Subsystem& subsystem, std::uint16_t listener);
  Result<Namespace> make_namespace(const NamespaceConfig& config, const std::string& nqn);

  InlineExecutor inline_executor_;
  Executor& executor_;
  Model model_;
  std::map<std::string, std::shared_ptr<Backend>> backends_;
  std::map<std::uint64_t, std::unique_ptr<Queue>> queues_;
  std::map<std::uint64_t, std::unique_ptr<Controller>> controllers_;
  std::map<const Subsystem*, CntlidPool> cntlids_;
  std::map<std::pair<const Subsystem*, std::uint16_t>, Controller*> by_cntlid_;
  std::map<std::uint64_t, RequestRef> delayed_;  ///< by timer
  Timers timers_;
  DimRegistry dim_;
  FaultList faults_;
  Stats stats_;
  Instant now_{};
  std::uint64_t next_key_ = 1;
};

}  // namespace stas::target
