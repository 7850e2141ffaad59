// SPDX-License-Identifier: Apache-2.0
//
// `explain` of stafctl and stacctl: why a controller is connected, or is not; a paragraph for people, or JSON.
#pragma once

#include <string>

#include "libstas/tools/ctl_tool.h"

namespace stas {

// Exit status: 0 it is known, 1 nobody knows it (the nearest names are told), or there is no answer.
CtlCommand explain_command(const std::string& tool, const std::string& daemon);

}  // namespace stas
