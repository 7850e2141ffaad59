// SPDX-License-Identifier: Apache-2.0
//
// `topology` of stacctl and stafctl: which way leads where, as a tree in the terminal, as a graph for dot(1), or as
// JSON.
#pragma once

#include <string>

#include "libstas/tools/ctl_tool.h"

namespace stas {

CtlCommand topology_command(const std::string& tool, const std::string& daemon);

}  // namespace stas
