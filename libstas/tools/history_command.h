// SPDX-License-Identifier: Apache-2.0
//
// `history` of stafctl and stacctl: what happened to the controllers, with times and reasons; a table, or JSON.
#pragma once

#include <string>

#include "libstas/tools/ctl_tool.h"

namespace stas {

// Exit status: 0, or 1 when nothing is known about what was asked for, or there is no answer.
CtlCommand history_command(const std::string& tool, const std::string& daemon);

}  // namespace stas
