// SPDX-License-Identifier: Apache-2.0
//
// stacd: the Connector in its shell, stafd seen over D-Bus, the bus object, and who connects on TCP (udev-rule=).
#pragma once

#include <memory>

#include "libstas/sys/daemon/shell.h"
#include "libstas/sys/daemon/udev_mask.h"
#include "stacd/bus_service.h"
#include "stacd/connector.h"
#include "stacd/staf_client.h"

namespace stas::stacd {

inline constexpr ConfParser<StacdConfig> kConfParser{parse_stacd_conf, unread_stacd_conf};

class Daemon {
 public:
  Daemon(Loop& loop, DaemonOptions options);
  // As of Shell.
  Result<void> start() { return shell_.start(); }

 private:
  void publish(Bus& bus, Published done);
  void configured();
  void mask_udev_rules(bool masked);

  Connector connector_;
  Shell shell_;
  std::unique_ptr<BusService> service_;
  std::unique_ptr<StafClient> staf_;
  UdevMask udev_mask_;
};

}  // namespace stas::stacd
