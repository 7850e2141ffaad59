// SPDX-License-Identifier: Apache-2.0
//
// What a reload would do, asked beforehand: a copy of the Connector is given the other configuration and run ahead in
// simulated time, until all soaks and waits are over. In that time connects and disconnects succeed at once, stafd
// says what it says now, what is in use stays in use, and nothing else happens. Pure; changes nothing but the copy.
// What decides is the Connector itself, so the plan and what then happens cannot come from two rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/reason.h"
#include "libstas/core/identity/tid.h"
#include "stacd/connector.h"
#include "stacd/origin.h"

namespace stas {

enum class Fate : std::uint8_t {
  disconnect,  // its connection is cut
  release,     // its connection stays, but nobody of us looks after it any more (disconnect-scope)
  connect,
  forget,  // it is not wanted any more, and has no connection of its own
  hold,    // no source names it, and information is missing: it stays
  refuse,  // a source names it, and it must not be used
  wait,    // it is wanted, and cannot be connected yet
  keep,
};
std::string_view to_text(Fate fate);

struct PlannedStep {
  Tid tid;
  Fate fate = Fate::keep;
  std::string device;      // "nvme3"; "" without one
  Duration after{};        // disconnect, release, connect, forget: from now on
  Instant until = kNever;  // hold: looked at again then; kNever: when the information comes
  Reason reason = Reason::none;
  std::string why;     // in words
  std::string source;  // who names it, or named it, or refuses it: "FILE:LINE", "entry 3 of the page of TID"
};

struct Plan {
  std::vector<PlannedStep> steps;  // what happens, in order of time; then what stays, in the order of the table
  bool finished = true;            // false: it was still going on when the bound was reached

  bool has(Fate fate) const;
};

// `files`: what to call the configuration in force and the other one.
Plan plan(Connector scratch, const StacdConfigured& reload, const OriginFiles& files, Instant now);

}  // namespace stas
