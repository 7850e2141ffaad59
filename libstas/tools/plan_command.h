// SPDX-License-Identifier: Apache-2.0
//
// `plan` of stafctl and stacctl: what a reload would do, as a table for people or as JSON, with an exit status for
// scripts that ask before they reload.
#pragma once

#include <string>

#include "libstas/tools/ctl_tool.h"

namespace stas {

// Exit status: 0 nothing to do, 2 something changes, 3 something would be disconnected; 1 there is no plan.
CtlCommand plan_command(const std::string& tool, const std::string& daemon);

}  // namespace stas
