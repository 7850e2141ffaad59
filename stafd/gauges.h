// SPDX-License-Identifier: Apache-2.0
//
// How many discovery controllers there are and should be, as metrics. Pure.
#pragma once

#include <string>

#include "stafd/finder.h"

namespace stas {

// Appends stafd_controllers_{desired,live,held,failing,refused}. Names are counted: two of one connection are two.
void print_gauges(const Finder& brain, std::string& out);

}  // namespace stas
