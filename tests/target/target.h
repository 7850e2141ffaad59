// SPDX-License-Identifier: Apache-2.0
//
// A whole target: the core, its TCP listeners and connections, an optional control socket. Single-threaded; any number
// of them may live in one process, each driven by poll() in a thread of its own or through fd() in somebody's loop.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/target/control/rpc_server.h"
#include "tests/target/core/engine.h"
#include "tests/target/mdns/publisher.h"
#include "tests/target/spdk/state.h"
#include "tests/target/transport/memory_budget.h"
#include "tests/target/transport/poller.h"
#include "tests/target/transport/tcp_connection.h"
#include "tests/target/transport/worker_pool.h"

namespace stas::target {

class Target : private ConnectionOwner {
 public:
  /// Builds and listens. Fails with what is wrong in the configuration or with an address.
  static Result<std::unique_ptr<Target>> make(const TargetConfig& config);
  /// The same from the JSON text of README.md.
  static Result<std::unique_ptr<Target>> make(std::string_view json);
  ~Target() override;

  /// Readable when poll() has something to do.
  [[nodiscard]] int fd() const { return poller_.fd(); }
  /// Waits at most `timeout` (negative: for ever) for one round of events and handles them.
  void poll(Millis timeout);

  /// One JSON-RPC request, one response (empty for a notification).
  std::string rpc(std::string_view request);
  /// Serves rpc() on a Unix stream socket; a stale socket file of that name is replaced.
  Result<void> serve(const std::string& path);

  Result<Listener> add_listener(ListenerConfig config);
  Result<void> remove_listener(std::uint16_t id);
  /// How a listener meets connects: takes them; leaves them to the kernel, so that nobody answers their ICReq; or lets
  /// their SYNs get lost.
  enum class Accepting { yes, paused, black_hole };
  Result<void> set_accepting(std::uint16_t id, Accepting accepting);
  [[nodiscard]] TargetConfig save() const;
  void set_memory(const MemoryConfig& config) { budget_.configure(config); }
  [[nodiscard]] const MemoryBudget& budget() const { return budget_; }
  /// Announces the discovery listeners, or withdraws them. Fails if there is no avahi-daemon to ask.
  Result<void> set_mdns(const MdnsConfig& config);
  [[nodiscard]] const MdnsConfig& mdns() const { return mdns_config_; }
  [[nodiscard]] std::string mdns_state() const { return mdns_ ? mdns_->state() : "off"; }

  /// Further targets in this process, each with ids of its own, driven by this one's poll().
  Result<void> add_target(const std::string& name, const TargetConfig& config);
  Result<void> remove_target(const std::string& name);
  [[nodiscard]] Target* find_target(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, std::unique_ptr<Target>>& targets() const { return targets_; }

  [[nodiscard]] SpdkState& spdk() { return spdk_; }
  void set_tracing(bool on) { trace_.enable(on); }
  void clear_trace() { trace_.clear(); }
  Trace& trace() override { return trace_; }
  /// Somebody wants the program to end.
  void request_stop() { stop_requested_ = true; }
  [[nodiscard]] bool stop_requested() const { return stop_requested_; }

  /// The real port of a TCP listener; empty if there is none of that id.
  [[nodiscard]] std::string port(std::uint16_t id = 1) const;
  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }
  [[nodiscard]] Poller& poller() { return poller_; }

 private:
  struct Acceptor {
    UniqueFd socket;
    std::uint64_t watch = 0;
    std::uint64_t timer = 0;  ///< key of the pause after running out of descriptors
    Accepting accepting = Accepting::yes;
    std::vector<UniqueFd> fillers{};  ///< connections of our own that fill the backlog of a black hole
  };

  Target();

  void connection_ended(std::uint64_t id) override { ended_.push_back(id); }
  void wake_connection(std::uint64_t id, Instant when) override { timers_.set(id, when); }
  [[nodiscard]] Instant clock() const override { return std::chrono::steady_clock::now(); }

  Result<void> listen(Listener& listener, Acceptor& acceptor);
  void accept(std::uint16_t listener);
  void adopt(UniqueFd socket, const Listener& listener);
  void fire(std::uint64_t key);
  /// After anything that may have changed the state: fires what is due, buries the dead, arms the timer.
  void settle();
  void arm_timer();
  /// Tells mDNS what there is, if anything has changed.
  void announce();

  Poller poller_;
  WorkerPool workers_;
  Engine engine_{&workers_};
  MemoryBudget budget_;
  UniqueFd timer_;
  std::optional<Instant> armed_;  ///< what timer_ is set to
  Timers timers_;
  std::map<std::uint16_t, Acceptor> acceptors_;
  std::map<std::uint64_t, std::unique_ptr<TcpConnection>> connections_;
  std::vector<std::uint64_t> ended_;
  std::uint64_t next_id_ = 1;
  std::unique_ptr<RpcServer> rpc_server_;
  std::uint64_t rpc_timer_ = 0;
  SpdkState spdk_;
  Trace trace_;
  MdnsConfig mdns_config_;
  std::unique_ptr<MdnsPublisher> mdns_;
  std::uint64_t mdns_genctr_ = 0;
  bool stop_requested_ = false;
  std::map<std::string, std::unique_ptr<Target>> targets_;
  std::map<std::string, std::uint64_t> target_watches_;
};

}  // namespace stas::target
