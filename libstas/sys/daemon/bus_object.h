// SPDX-License-Identifier: Apache-2.0
//
// What the bus objects of both daemons have in common (compatibility contract 3.2 and 3.5).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libstas/core/base/json.h"
#include "libstas/core/identity/tid_fields.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/shell.h"

namespace stas {

// The seven text arguments that name a controller.
std::vector<BusArg> id_args();
TidTexts texts_of(const BusArgs& args);  // views into `args`

// The interface of the daemon itself, with list_controllers.
BusInterface daemon_interface(std::string name, std::function<BusDicts(bool detailed)> list_controllers);

// process_info, controller_info, tron and log_level. `journal` must outlive the interface.
BusInterface debug_interface(std::string name, Journal& journal, std::function<std::string()> process_info,
                             std::function<std::string(const TidTexts& id)> controller_info);

// The members of process_info up to "terminator.audit timer". The host key is only said to exist (law 7).
Json process_head(const Shell& shell, const std::string& soak_timer);

}  // namespace stas
