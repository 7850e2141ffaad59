// SPDX-License-Identifier: Apache-2.0
//
// --plan FILE: what a start with this file would do, without a running daemon. The brain is restored from what was
// saved, and told what this host shows now; the daemon goes on with its rehearsal (stafd/offline, stacd/offline).
// Changes nothing.
#pragma once

#include <functional>
#include <vector>

#include "libstas/core/base/json.h"
#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/plan.h"
#include "libstas/core/identity/device.h"
#include "libstas/sys/daemon/brain_port.h"
#include "libstas/sys/daemon/command_line.h"
#include "libstas/sys/os/journal.h"

namespace stas {

struct OfflineStart {
  Event configuration;       // the file and the host, as an event for the brain
  std::vector<Event> facts;  // interfaces and devices
  Instant now;
};
// The plan of the brain that was restored.
using RehearseStart = std::function<Result<Plan>(OfflineStart& start)>;

// The answer, as that of the method `plan` (org.nvmexpress.stac(5)). Restores the brain behind `port`, and reads the
// rest. What is odd about the state or sys.conf goes to `journal`. An Error: it cannot be known what a start would do
// (no permission, no host NQN, no sysfs).
Result<Json> plan_offline(const DaemonOptions& options, const BrainPort& port, ControllerKind interest,
                          const Journal& journal, const RehearseStart& rehearse);

}  // namespace stas
