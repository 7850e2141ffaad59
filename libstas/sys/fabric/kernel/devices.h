// SPDX-License-Identifier: Apache-2.0
//
// Which controllers the kernel has, kept up to date: uevents say "look again", sysfs says what is so (law 5). Emits
// DeviceSeen, DeviceGone, DevicesScanned, DeviceReconnected and AenReceived. PCIe controllers are never mentioned.
//
// Attributes come late (between "add" and the end of a connect the NQN reads "(efault)", regressions 18) and
// directories go late (after "remove"), so an odd finding is looked at again a bounded number of times. What cannot be
// looked at for want of descriptors or memory counts as an event that was lost. Nothing is read that is known to be of
// no use: a connect in progress wants the processor for itself.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "libstas/core/base/backoff.h"
#include "libstas/core/brain/event.h"
#include "libstas/sys/fabric/kernel/registry.h"
#include "libstas/sys/fabric/kernel/sysfs.h"
#include "libstas/sys/fabric/kernel/uevent.h"
#include "libstas/sys/fabric/kernel/uevent_monitor.h"
#include "libstas/sys/os/loop.h"

namespace stas {

class Devices {
 public:
  using Sink = std::function<void(Event)>;

  // From "add" to the first look. A connect ends with an event, before that or soon after; only what says nothing at
  // its end is left to this.
  static constexpr Duration kSettleRecheck = std::chrono::milliseconds(100);
  static constexpr Duration kLeaveRecheck = std::chrono::milliseconds(20);
  static constexpr Duration kStates = std::chrono::seconds(10);  // between two looks at the states of all
  static constexpr unsigned kMaxRechecks = 9;  // doubling: the last one some 50 or 10 s after the event
  // After a scan that failed. A shortage may be over at once, and a scan that fails costs little.
  static constexpr BackoffPolicy kScanAgain{std::chrono::milliseconds(200), std::chrono::seconds(10), 0.1};

  Devices(Loop& loop, KernelPaths paths, KindOfInterest interest, Sink sink);

  // Begins to watch uevents.
  Result<void> start();

  // Reads everything and emits DevicesScanned. An unreadable sysfs is no information (law 2): it emits nothing, is
  // returned, and read again soon.
  Result<void> scan();

  // Reads one controller again; emits what changed. not_supported: PCIe.
  Result<Device> refresh(const std::string& name);

  // Who else it belongs to, as the registry says now; "" nobody. Emits nothing.
  std::string owner_now(const DeviceRef& device);

  // The controller of a connect that has just ended: what was read after that is not read again.
  Result<Device> current(const std::string& name);

  void handle(const Uevent& event);

  // The kernel tells nobody that it has lost a connection and tries to get it back: only the state says so. Of a
  // controller whose state is another one now everything is read again. Happens by itself every kStates.
  void look_at_states();

  // Some uevents never arrived: everything is read again, and the next DevicesScanned says so.
  void handle_lost();

 private:
  struct Recheck {
    Instant at;
    unsigned tries = 0;
    bool leaving = false;  // its "remove" came; else it is looked at until its attributes have settled
  };

  std::string look_up_owner(const DeviceRef& device);
  template <class T>
  void note_shortage(const Result<T>& outcome);
  void handle_add(const std::string& name);
  void handle_remove(const std::string& name);
  // What is known under this name, if it still is the same controller; nullptr otherwise.
  const Device* known(const std::string& name);
  void forget(const std::string& name);
  void check_again(const std::string& name, bool leaving);
  void on_recheck();
  void arm();

  Loop& loop_;
  KernelPaths paths_;
  KindOfInterest interest_;
  Sink sink_;
  Owners owners_{paths_};
  std::map<std::string, Device> known_;
  std::set<std::string> added_;  // their "add" came: the next "connected" is the first connect, not a reconnect
  std::map<std::string, Recheck> rechecks_;
  bool events_lost_ = false;
  TimerSource timer_;
  TimerSource scan_again_;
  TimerSource states_timer_;
  Backoff scan_backoff_{kScanAgain};
  UeventMonitor monitor_;
};

}  // namespace stas
