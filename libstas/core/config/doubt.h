// SPDX-License-Identifier: Apache-2.0
//
// What a file did not say clearly, compared with a controller: could the unclear place have been about it? A removed
// controller= line counts only where no doubt speaks against it (law 2).
#pragma once

#include "libstas/core/config/config_values.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// Could the unclear place have named this controller? A field that is not readable, or a host name where the controller
// has an address, could be anything.
bool could_mean(const ConfigDoubt& doubt, const Tid& tid);

// The first of the doubts that could mean the controller, or nullptr. Into `doubts`.
const ConfigDoubt* doubt_about(const std::vector<ConfigDoubt>& doubts, const Tid& tid);
// The same, of those that say so much that it must be about this one: the NQN of a subsystem, the address of a
// discovery controller. Such a place counts also for what another source named until now.
const ConfigDoubt* doubt_naming(const std::vector<ConfigDoubt>& doubts, const Tid& tid, ControllerKind kind);

}  // namespace stas
