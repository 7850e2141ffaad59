// SPDX-License-Identifier: Apache-2.0
//
// Internal to libstas/sys/bus: drives a connection of sdbus-c++ from our sd-event loop. 1.2 cannot attach itself,
// and 2.x does it so that the death of the bus is thrown through sd-event's C frames; so both are driven from here,
// with the exception caught where it appears.
#pragma once

#include <functional>
#include <memory>

#include "libstas/core/base/result.h"
#include "libstas/sys/os/loop.h"

namespace sdbus {
class IConnection;
}

namespace stas::bus_shim {

struct PumpHooks {
  // Before every poll, outside of any dispatching. True: `work` is owed, soon, and behind what comes in first.
  std::function<bool()> idle;
  std::function<void()> work;              // after what came in was handled; a small piece
  std::function<void(const Error&)> lost;  // once, from the loop
};

class Pump {
 public:
  // Connection and loop must outlive the Pump.
  Pump(Loop& loop, sdbus::IConnection& connection, PumpHooks hooks);
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

 private:
  struct Sources;
  std::unique_ptr<Sources> sources_;
};

}  // namespace stas::bus_shim
