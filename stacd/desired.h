// SPDX-License-Identifier: Apache-2.0
//
// What should be (law 10): one pure function from facts to the table. The Connector compares it with the devices and
// acts; whoever wants to show or explain reads the same rows. Nothing here knows a fabric.
#pragma once

#include <string>

#include "libstas/core/base/time.h"
#include "libstas/core/config/config_values.h"
#include "stacd/facts.h"
#include "stacd/table.h"

namespace stas {

// The connection parameters of a wanted row: those of its controller= line, or of its [Match] section, before those of
// [Global]. For existing connections they count when they are made again.
ConnectOptions options_of(const StacdConfig& config, const Row& row);

// The log page entry demands TLS, and these parameters do not ask for it: what to do about that, else "". `entry`:
// nullptr without one; `line`: the controller has a controller= line.
std::string tls_advice(const Dlpe* entry, bool line, const ConnectOptions& options);

Desired desired(const Facts& facts, const EvidenceTiming& timing, Instant now);

}  // namespace stas
