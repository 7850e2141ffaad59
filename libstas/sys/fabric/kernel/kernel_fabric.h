// SPDX-License-Identifier: Apache-2.0
//
// The kernel as a fabric: connects through /dev/nvme-fabrics (connect_queue), knows controllers from sysfs and uevents
// (devices), cuts them through delete_controller and talks to them with admin commands (nvme_admin). This file routes
// operations and keeps their deadlines; nothing here blocks. A kernel call that is stuck holds up nothing but its own
// kind: its operation is answered by the deadline, and the end of the process waits for it for a bounded time only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "libstas/sys/fabric/fabric.h"
#include "libstas/sys/fabric/kernel/connect_inquiry.h"
#include "libstas/sys/fabric/kernel/connect_queue.h"
#include "libstas/sys/fabric/kernel/devices.h"
#include "libstas/sys/fabric/kernel/kernel_options.h"
#include "libstas/sys/fabric/kernel/nvme_admin.h"
#include "libstas/sys/fabric/kernel/sysfs.h"
#include "libstas/sys/fabric/op_table.h"
#include "libstas/sys/net/network_monitor.h"
#include "libstas/sys/os/worker.h"

namespace stas {

// What blocks in the kernel, called on workers. Empty ones are the real thing; tests play the kernel.
struct KernelCalls {
  std::function<Result<std::string>(const Connect&)> connect;  // -> "nvme3"
  std::function<Result<SupportedOptions>()> supported_options;
  std::function<Result<AdminSession>(const std::string& path, const std::string& name)> open_admin;
  std::function<Result<void>(const DeviceRef&)> remove;
  std::function<Result<void>(const std::string& name)> claim;  // after a connect: the registry
  std::function<Result<Usage>(const DeviceRef&)> usage;
  NetworkMonitor::Read interfaces;
};

struct KernelLimits {
  ConnectLimits connect;
  Duration disconnect = std::chrono::seconds(30);
  Duration admin = std::chrono::seconds(90);
  Duration usage = std::chrono::seconds(4);
};

class KernelFabric final : public Fabric {
 public:
  explicit KernelFabric(Loop& loop, KindOfInterest interest = {}, KernelPaths paths = {}, KernelLimits limits = {},
                        KernelCalls calls = {});
  ~KernelFabric() override;

  Result<void> start(Sink sink) override;
  void submit(FabricOp op) override;
  void rescan() override;
  void stop_connecting() override;
  std::size_t pending() const override { return ops_.size(); }
  bool supports_tp8013() const override { return options_.has("discovery"); }
  bool supports_host_iface() const override { return options_.has("host_iface"); }

 private:
  void run(Connect op);
  void run(Disconnect op);
  void run(Register op);
  void run(FetchSupported op);
  void run(FetchLogPage op);
  void run(InspectUsage op);
  void run_admin(OpId op, const DeviceRef& device, std::function<OpResult(const AdminSession&)> talk);

  void on_connected(const Connect& order, Result<std::string> name);
  void inquire(const Connect& order, const Error& error);
  void emit(Event event);
  void see_interfaces(Interfaces interfaces);
  bool comes_from_unknown(const Event& event) const;
  void emit_held();
  void scan_now();
  void ask_options();

  Loop& loop_;
  KernelPaths paths_;
  KernelLimits limits_;
  KernelCalls calls_;
  SupportedOptions options_;
  Sink sink_;
  OpTable ops_;
  Interfaces interfaces_;
  struct Held {
    Event event;
    bool looked_for = false;
  };
  std::deque<Held> held_;
  bool holding_ = false;  // until the interfaces have been looked at
  NetworkMonitor network_;
  Devices devices_;
  ConnectQueue connects_;
  struct Inquiry {
    Error error;  // the answer, should the inquiry not end
    std::unique_ptr<ConnectInquiry> inquiry;
  };
  std::map<OpId, Inquiry> inquiries_;
  bool stopped_ = false;
  Worker commands_, deletes_, inspections_;
  OnceSource scan_later_;
};

}  // namespace stas
