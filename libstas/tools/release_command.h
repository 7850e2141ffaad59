// SPDX-License-Identifier: Apache-2.0
//
// `release` of stacctl: lets go of connections that disconnect-guard= or max-disconnects-per-minute= keeps.
#pragma once

#include <string>

#include "libstas/tools/ctl_tool.h"

namespace stas {

// Exit status: 0 something was let go of, 1 nothing of the kind is kept, or there is no answer.
CtlCommand release_command(const std::string& tool, const std::string& daemon);

}  // namespace stas
