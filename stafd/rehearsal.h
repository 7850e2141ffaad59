// SPDX-License-Identifier: Apache-2.0
//
// What a reload of stafd would do, asked beforehand (core/brain/rehearsal). mDNS says what it says now, a log page
// lists what it is known to list, and what nobody has read yet lists nothing: what a new discovery controller refers to
// is not foretold. Pure.
#pragma once

#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/plan.h"
#include "stafd/finder.h"

namespace stas {

Plan plan(Finder scratch, const StafdConfigured& reload, const PlanFiles& files, Instant now);
// A start without a running daemon: `restored` has what was saved. `facts`: what this host shows.
Plan plan_start(Finder restored, const StafdConfigured& first, const std::vector<Event>& facts, const PlanFiles& files,
                Instant now);

}  // namespace stas
