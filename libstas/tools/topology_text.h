// SPDX-License-Identifier: Apache-2.0
//
// The document of `topology` (org.nvmexpress.stac(5)) as people see it. Text of others is escaped.
#pragma once

#include <string>

#include "libstas/core/base/json.h"

namespace stas {

// A tree; with colours for a terminal.
std::string topology_tree(const Json& topology, bool colours);

// A graph for dot(1) of Graphviz.
std::string topology_dot(const Json& topology);

}  // namespace stas
