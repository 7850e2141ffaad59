// SPDX-License-Identifier: Apache-2.0
//
// What a reload, or a start, would do: a value that the rehearsals of both daemons fill (stafd/rehearsal,
// stacd/rehearsal), and what it looks like on the bus and in the tools (org.nvmexpress.stac(5)).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/json.h"
#include "libstas/core/base/time.h"
#include "libstas/core/brain/reason.h"
#include "libstas/core/identity/tid.h"

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

// What the configuration in force is called, and the one that comes in its place.
struct PlanFiles {
  std::string in_force;
  std::string next;
};

// {"finished": ..., "steps": [...]}; times become seconds from `now`.
Json to_json(const Plan& plan, Instant now);
// The whole answer to somebody who asks. `plan`: nullopt when the configuration is not understood.
Json plan_answer(const std::string& configuration, const std::vector<std::string>& complaints,
                 const std::optional<Json>& plan);

}  // namespace stas
