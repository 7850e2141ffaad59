// SPDX-License-Identifier: Apache-2.0
//
// `watch` of stafctl and stacctl: the controllers, shown again whenever something about them changes, until somebody
// ends it. The daemon says that something changed (signal `changed`), no more often than four times a second; what is
// shown is asked for then.
#pragma once

#include <string>

#include "libstas/tools/ctl_tool.h"

namespace stas {

// Exit status: 0 it was ended (SIGINT, SIGTERM, or nobody reads any more); 1 the bus is gone, or the daemon is too old.
CtlCommand watch_command(const std::string& tool);

}  // namespace stas
