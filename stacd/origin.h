// SPDX-License-Identifier: Apache-2.0
//
// Where a row of the table comes from, in words: the line of a file, the entry of a page. For people who ask why.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stacd/desired.h"

namespace stas {

// Who names the row: "FILE:LINE", "entry 3 of the page of (tcp, 10.0.0.1, 8009, nqn.x)", several with "; " between
// them;
// "" when nobody does. Entries are counted from 1, as stafctl dlp prints them.
std::string named_by(const Row& row, const std::string& file);
// The same as a list with each line and each entry, also where one line says twice what one says: for people who ask
// about one row. Goes through the pages.
std::vector<std::string> sources(const Row& row, const Facts& facts, const std::string& file);
// The exclude= line that refuses it, "FILE:LINE", or the include= lines of which none lets it in; "" without any.
std::string refused_by(const Row& row, const StacdConfig& config, const std::string& file);
// Where a connection parameter of a wanted row was said: "FILE:LINE", "FILE:LINE [Match NAME]"; "" when the file does
// not say it. `option`: as in the file ("ctrl-loss-tmo").
std::string option_origin(const Row& row, const StacdConfig& config, std::string_view option, const std::string& file);
// Who once named it and is still remembered: the discovery controllers.
std::string remembered_by(const Known& known);

}  // namespace stas
