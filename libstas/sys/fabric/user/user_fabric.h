// SPDX-License-Identifier: Apache-2.0
//
// The fabric without kernel: our own NVMe/TCP host on the loop, plus `loop` to a target in the same process. Discovery
// needs no privilege; I/O controllers are connected and identified, but have no block device. Controllers live as long
// as the process.
//
// Device names are "user0", "user1", ... and never used twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "libstas/sys/fabric/connect_race.h"
#include "libstas/sys/fabric/fabric.h"
#include "libstas/sys/fabric/user/connect_gate.h"
#include "libstas/sys/fabric/user/user_controller.h"
#include "libstas/sys/host/loop_link.h"
#include "libstas/sys/net/network_monitor.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/worker.h"

namespace stas {

struct UserFabricOptions {
  UserTimeouts timeouts;
  std::size_t max_connects = 64;             // attempts at a time
  std::size_t max_connects_per_address = 4;  // of them to one address
  std::size_t max_controllers = 16384;
  LoopTargets* loop_targets = nullptr;  // not owned; nullptr: no transport loop
};

class UserFabric final : public Fabric {
 public:
  explicit UserFabric(Loop& loop, UserFabricOptions options = {});
  ~UserFabric() override;

  Result<void> start(Sink sink) override;
  void submit(FabricOp op) override;
  void rescan() override;
  void stop_connecting() override;
  std::size_t pending() const override { return pending_; }
  bool supports_tp8013() const override { return true; }
  bool supports_host_iface() const override { return true; }

 private:
  using Id = ConnectGate::Id;

  void connect(Connect order);
  UserController* find(const DeviceRef& ref);
  bool is_duplicate(const Connect& order) const;
  UserController::Hooks hooks_of(Id id, const std::string& address);
  void emit(Event event);
  void see_interfaces(Interfaces interfaces);
  void scan();
  void work();

  Loop& loop_;
  UserFabricOptions options_;
  Sink sink_;
  ConnectGate gate_;
  std::map<Id, std::unique_ptr<UserController>> controllers_;
  std::map<std::string, Id> by_name_;
  std::multimap<Tid, Id> by_tid_;
  std::vector<Id> gone_;
  std::deque<Event> events_;
  std::size_t pending_ = 0;
  Id next_ = 0;
  bool rescan_wanted_ = false;
  bool scan_wanted_ = false;  // the interfaces have been looked at for it
  bool interfaces_said_ = false;
  bool stopping_ = false;
  OnceSource wake_;  // everything the sink hears comes from work(): never from inside a call of its own
  Worker worker_;
  Prober prober_;
  ConnectRaces races_;
  std::set<OpId> racing_;
  NetworkMonitor network_;
};

}  // namespace stas
