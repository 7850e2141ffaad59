// SPDX-License-Identifier: Apache-2.0
//
// What is told about a name that a daemon does not know.
#pragma once

#include <string>

#include "libstas/core/base/json.h"

namespace stas {

// "stacd knows nothing of nqn.x", and a few of `names` that are written alike. Lines for a terminal.
std::string nobody_knows(const std::string& daemon, const std::string& question, const Json::Array& names);

}  // namespace stas
