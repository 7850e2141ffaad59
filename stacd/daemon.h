// SPDX-License-Identifier: Apache-2.0
//
// stacd: the Connector in its shell, stafd seen over D-Bus, the bus object, and who connects on TCP (udev-rule=).
#pragma once

#include <memory>

#include "libstas/sys/daemon/shell.h"
#include "stacd/bus_service.h"
#include "stacd/connector.h"
#include "stacd/staf_client.h"

namespace stas::stacd {

inline constexpr ConfParser<StacdConfig> kConfParser{parse_stacd_conf, unread_stacd_conf};

class Daemon {
 public:
  Daemon(Loop& loop, DaemonOptions options);
  // As of Shell.
  bool start() { return shell_.start(); }

 private:
  void publish(Bus& bus, Published done);
  void configured();
  void apply_udev_rule(bool enabled);
  void mask_udev_rules();
  void tell_udevd();

  Connector connector_;
  Shell shell_;
  std::unique_ptr<BusService> service_;
  std::unique_ptr<StafClient> staf_;
  BusHandle udevd_call_;
  bool udevd_is_late_ = false;  // its rules changed, and it was not told yet
};

}  // namespace stas::stacd
