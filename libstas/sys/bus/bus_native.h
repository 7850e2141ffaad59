// SPDX-License-Identifier: Apache-2.0
//
// Internal to libstas/sys/bus: match rules and names, asked for without waiting for the bus daemon's answer. sdbus-c++
// only does that from 2.0 on (and takes a name by waiting even then), so sd-bus is asked itself, in the same way for
// all versions. Handlers run from the loop, in the thread of the connection, and must not throw.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libstas/core/base/result.h"

typedef struct sd_bus_message sd_bus_message;
typedef struct sd_bus_slot sd_bus_slot;

namespace sdbus {
class IProxy;
}

namespace stas::bus_native {

// What is waited for; ends it when destroyed, also inside its own handler's caller.
class Slot {
 public:
  Slot() = default;
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  Slot(Slot&&) = default;
  Slot& operator=(Slot&&) = default;

 private:
  friend struct Waiting;
  struct End {
    void operator()(sd_bus_slot* slot) const;
  };
  std::shared_ptr<void> handler_;
  std::unique_ptr<sd_bus_slot, End> slot_;  // first to go: it calls the handler
};

// `proxy`: any of the connection. Both fail only when there is no memory or the connection is dead. A match that the
// bus daemon refuses, or does not confirm within sd-bus's 25 s, ends the connection.
Result<Slot> add_match(sdbus::IProxy& proxy, const std::string& rule, std::function<void(sd_bus_message&)> handler);
// `handler` is called once; busy: somebody else has the name.
Result<Slot> request_name(sdbus::IProxy& proxy, const std::string& name, std::function<void(Result<void>)> handler);

std::string sender_of(sd_bus_message& message);
// The text and boolean arguments of a signal, up to the first that is neither; nullopt beyond the bounds.
std::optional<std::vector<std::string>> read_texts(sd_bus_message& message);

}  // namespace stas::bus_native
