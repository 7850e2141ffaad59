// SPDX-License-Identifier: Apache-2.0
//
// The mask of udev_rules.h for as long as stacd runs and wants it: there from apply() on, gone with the object, however
// the daemon ends. Only a kill leaves it; then ExecStopPost= of the unit takes it away. One that could not be written
// (a full /run) is written later. udevd is told through systemd, or notices by itself within seconds.
#pragma once

#include <utility>

#include "libstas/core/base/backoff.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/udev_rules.h"
#include "libstas/sys/os/journal.h"
#include "libstas/sys/os/loop.h"

namespace stas {

class UdevMask {
 public:
  static constexpr BackoffPolicy kAgain{std::chrono::seconds(1), std::chrono::seconds(60), 0.1};  // after a failure

  // `loop` and `journal` outlive the mask.
  UdevMask(Loop& loop, const Journal& journal, UdevPaths paths = {})
      : journal_(journal), paths_(std::move(paths)), again_(loop.timer([this] { settle(); })) {}
  ~UdevMask();
  UdevMask(const UdevMask&) = delete;
  UdevMask& operator=(const UdevMask&) = delete;

  // Once the name on the bus is ours: another instance's mask is not ours to touch. What fails is logged,
  // the first time of a series. `bus` outlives the mask.
  void apply(bool wanted, Bus& bus);

 private:
  void settle();
  bool install();
  bool remove();
  void failed(const std::string& text);

  const Journal& journal_;
  UdevPaths paths_;
  TimerSource again_;
  Backoff backoff_{kAgain};
  Bus* bus_ = nullptr;  // nullptr before apply()
  bool wanted_ = false;
  BusHandle udevd_call_;
};

}  // namespace stas
