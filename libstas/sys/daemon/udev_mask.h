// SPDX-License-Identifier: Apache-2.0
//
// The mask of udev_rules.h for as long as stacd runs and wants it: there from apply() on, gone with the object, however
// the daemon ends. Only a kill leaves it; then ExecStopPost= of the unit takes it away. udevd is told through systemd,
// or notices by itself within seconds.
#pragma once

#include <utility>

#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/udev_rules.h"
#include "libstas/sys/os/journal.h"

namespace stas {

class UdevMask {
 public:
  // `journal` outlives the mask.
  explicit UdevMask(const Journal& journal, UdevPaths paths = {}) : journal_(journal), paths_(std::move(paths)) {}
  ~UdevMask();
  UdevMask(const UdevMask&) = delete;
  UdevMask& operator=(const UdevMask&) = delete;

  // Once the name on the bus is ours: another instance's mask is not ours to touch. What fails is logged.
  void apply(bool wanted, Bus& bus);

 private:
  void install();
  void remove();

  const Journal& journal_;
  UdevPaths paths_;
  BusHandle udevd_call_;
  bool applied_ = false;
};

}  // namespace stas
