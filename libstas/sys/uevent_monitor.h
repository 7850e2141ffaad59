// SPDX-License-Identifier: Apache-2.0
//
// Where uevents come from: sd-device's monitor (udev's events) where udevd runs, else the kernel's own netlink group,
// as in containers. Tells when events were lost. The only file that knows sd-device.
#pragma once

#include <functional>
#include <memory>

#include "libstas/core/result.h"
#include "libstas/sys/loop.h"
#include "libstas/sys/uevent.h"

namespace stas {

class UeventMonitor {
 public:
  struct Sink {
    std::function<void(const Uevent&)> event;
    std::function<void()> lost;  // some events never arrived: look at everything again
  };

  UeventMonitor();
  ~UeventMonitor();
  UeventMonitor(const UeventMonitor&) = delete;
  UeventMonitor& operator=(const UeventMonitor&) = delete;

  Result<void> start(Loop& loop, Sink sink);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stas
