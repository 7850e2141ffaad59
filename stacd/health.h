// SPDX-License-Identifier: Apache-2.0
//
// What should be connected against what works, subsystem by subsystem: the table beside the devices. Pure. A path that
// the kernel is reconnecting does not work. A held path may be wanted or not: where it does not work, that is worth a
// look, but no more; where it works, it carries its subsystem, and so does a connection of somebody else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/json.h"
#include "libstas/core/base/time.h"
#include "stacd/connector.h"

namespace stas {

enum class Condition : std::uint8_t {
  ok,
  degraded,  // fewer paths work than should, or than may be wanted
  down,      // none does
};
std::string_view to_text(Condition condition);

struct SubsystemHealth {
  std::string nqn;
  // Paths that a source names; several names of one connection are one path.
  unsigned desired = 0;
  unsigned live = 0, connecting = 0, resetting = 0, deleting = 0, missing = 0;  // of the desired, by path_state()
  unsigned held = 0;    // paths that no source names and that stay, for want of information
  unsigned lost = 0;    // of the held, those that are not live
  unsigned others = 0;  // live ones beyond the desired: held, leaving, not ours
  std::string reason;   // what is the matter with the first that is missed; "" without one

  Condition condition() const;
};

struct Health {
  bool complete = false;                    // the configuration was loaded and the devices looked at
  bool staf_answers = false;                // else what stafd lists may not be among the desired
  std::vector<SubsystemHealth> subsystems;  // complete: those that have a desired or a held path, by NQN

  Condition condition() const;  // the worst of them
};

Health health(const Connector& brain, Instant now);

Json to_json(const Health& health);

}  // namespace stas
