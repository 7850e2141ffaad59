// SPDX-License-Identifier: Apache-2.0
//
// The shell around the Finder: turns signals, timers and what the adapters of libstas/sys tell into events, and carries
// out actions. Decides nothing.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/daemon.h"
#include "libstas/sys/daemon/nvme_cli.h"
#include "libstas/sys/daemon/state_file.h"
#include "libstas/sys/fabric/fabric.h"
#include "libstas/sys/mdns/mdns.h"
#include "libstas/sys/net/resolver.h"
#include "libstas/sys/os/journal.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/worker.h"
#include "stafd/bus_service.h"
#include "stafd/finder.h"

namespace stas::stafd {

class Daemon {
 public:
  Daemon(Loop& loop, DaemonOptions options);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Everything up to READY=1. False: what is wrong was logged.
  bool start();

 private:
  bool start_bus();
  bool configure();
  void handle(Event event);
  void schedule();
  void run_finder();
  void execute(Action action);
  void reload();
  void stop();
  void end();
  void audit();

  Loop& loop_;
  DaemonOptions options_;
  Journal journal_;
  StateFile state_;
  Worker worker_;
  Resolver resolver_;
  Finder finder_;
  std::shared_ptr<const HostIdentity> host_;
  std::unique_ptr<Fabric> fabric_;
  std::unique_ptr<Mdns> mdns_;
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<BusService> service_;
  std::unique_ptr<NvmeCli> nvme_cli_;  // the kernel's fabric only

  EventSource sigterm_, sigint_, sighup_;
  OnceSource run_later_;
  TimerSource deadline_, audit_timer_, stop_timer_;
  bool stopping_ = false;
};

}  // namespace stas::stafd
