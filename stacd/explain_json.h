// SPDX-License-Identifier: Apache-2.0
//
// An Answer as the document that crosses the bus (org.nvmexpress.stac(5)). Times are seconds: how long something has
// been so, how long ago it was, or how far it is away.
#pragma once

#include "libstas/core/base/json.h"
#include "stacd/explain.h"

namespace stas {

Json to_json(const Answer& answer, Instant now);

}  // namespace stas
