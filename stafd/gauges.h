// SPDX-License-Identifier: Apache-2.0
//
// How many discovery controllers there are and should be, as metrics, and in one line. Pure.
#pragma once

#include <string>

#include "stafd/finder.h"

namespace stas {

// Appends stafd_controllers_{desired,live,held,failing,refused}. Names are counted: two of one connection are two.
void print_gauges(const Finder& brain, std::string& out);
// "3 of 4 discovery controllers connected, 1 held"
std::string status_line(const Finder& brain);

}  // namespace stas
