// SPDX-License-Identifier: Apache-2.0
//
// What the .debug interfaces of both daemons have in common (compatibility contract 3.2 and 3.5).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libstas/core/base/json.h"
#include "libstas/core/identity/host.h"
#include "libstas/core/identity/tid_fields.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/fabric/fabric.h"
#include "libstas/sys/os/journal.h"

namespace stas {

// The seven text arguments that name a controller.
std::vector<BusArg> id_args();
TidTexts texts_of(const BusArgs& args);  // views into `args`

// process_info, controller_info, tron and log_level. `journal` must outlive the interface.
BusInterface debug_face(std::string name, Journal& journal, std::function<std::string()> process_info,
                        std::function<std::string(const TidTexts& id)> controller_info);

// The members of process_info up to "terminator.audit timer". The host key is only said to exist (law 7).
Json process_head(const Journal& journal, const HostIdentity& host, const std::string& state_path, const Fabric& fabric,
                  const std::string& soak_timer);

}  // namespace stas
