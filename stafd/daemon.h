// SPDX-License-Identifier: Apache-2.0
//
// stafd: the Finder in its shell, what Avahi announces, the bus object, and the orders that only stafd has.
#pragma once

#include <memory>

#include "libstas/sys/daemon/nvme_cli.h"
#include "libstas/sys/daemon/shell.h"
#include "libstas/sys/mdns/mdns.h"
#include "stafd/bus_service.h"
#include "stafd/finder.h"

namespace stas::stafd {

inline constexpr ConfParser<StafdConfig> kConfParser{parse_stafd_conf, unread_stafd_conf};

class Daemon {
 public:
  Daemon(Loop& loop, DaemonOptions options);
  // As of Shell.
  Result<void> start() { return shell_.start(); }

 private:
  void publish(Bus& bus, Published done);
  void configured();
  void carry_out(const Action& action);

  Finder finder_;
  Shell shell_;
  Mdns mdns_;
  std::unique_ptr<BusService> service_;
  std::unique_ptr<NvmeCli> nvme_cli_;  // the kernel's fabric only
};

}  // namespace stas::stafd
