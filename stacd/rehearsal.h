// SPDX-License-Identifier: Apache-2.0
//
// What a reload would do, asked beforehand: a copy of the Connector is given the other configuration and run ahead in
// simulated time, until all soaks and waits are over. In that time connects and disconnects succeed at once, stafd
// says what it says now, what is in use stays in use, and nothing else happens. Pure; changes nothing but the copy.
// What decides is the Connector itself, so the plan and what then happens cannot come from two rules.
#pragma once

#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/plan.h"
#include "stacd/connector.h"

namespace stas {

Plan plan(Connector scratch, const StacdConfigured& reload, const PlanFiles& files, Instant now);
// A start without a running daemon: `restored` has what was saved. `facts`: what this host shows, and what stafd says.
Plan plan_start(Connector restored, const StacdConfigured& first, const std::vector<Event>& facts,
                const PlanFiles& files, Instant now);

}  // namespace stas
