// SPDX-License-Identifier: Apache-2.0
//
// A plan as the bus and the tools show it (org.nvmexpress.stac(5)).
#pragma once

#include "libstas/core/base/json.h"
#include "libstas/core/base/time.h"
#include "stacd/plan.h"

namespace stas {

// {"finished": ..., "steps": [...]}; times become seconds from `now`.
Json to_json(const Plan& plan, Instant now);

}  // namespace stas
