// SPDX-License-Identifier: Apache-2.0
//
// The method `plan` of both daemons, as far as it is the same: what a reload with other files would do. Whoever asks
// sends the files, not their names: so nobody reads with the rights of a daemon what he may not read himself, the
// daemon sees files that its sandbox hides, and keys in them cross no bus. A name that is empty means the daemon's own
// file, as a reload would read it. For root alone, by the policy of the bus: a plan costs as much as a reload.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libstas/core/base/json.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/shell.h"

namespace stas {

// `rehearse`: the reload as an event for the brain, what its configuration is called -> members of the answer. Called
// from the loop, when the files are read; not for files that are not understood.
using Rehearse = std::function<Json(const Event& reload, const std::string& conf_file)>;
// The method itself. `shell` outlives it.
BusMethod plan_method(Shell& shell, Rehearse rehearse);

}  // namespace stas
