// SPDX-License-Identifier: Apache-2.0
//
// `health` of stacctl: are all paths there that should be? One line for each subsystem, and an exit status for
// monitoring.
#pragma once

#include <string>

#include "libstas/tools/ctl_tool.h"

namespace stas {

// Exit status: 0 all paths are live that are or may be wanted, 1 some are not, 2 a wanted subsystem has none, 3 the
// daemon does not say.
CtlCommand health_command(const std::string& tool, const std::string& daemon);

}  // namespace stas
