// SPDX-License-Identifier: Apache-2.0
//
// Where uevents come from: the kernel's own netlink group, not udev's. Nothing we need is added by udevd, which passes
// an event on only after its rules have run; and where there is no udevd, as in containers, nothing is missing. Tells
// when events were lost.
#pragma once

#include <functional>

#include "libstas/core/base/result.h"
#include "libstas/sys/fabric/kernel/uevent.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

class UeventMonitor {
 public:
  struct Sink {
    std::function<void(const Uevent&)> event;
    std::function<void()> lost;  // some events never arrived: look at everything again
  };

  Result<void> start(Loop& loop, Sink sink);

 private:
  void on_datagrams();

  Sink sink_;
  UniqueFd fd_;
  IoSource io_;
  std::uint32_t seen_drops_ = 0;
};

}  // namespace stas
