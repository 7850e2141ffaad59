// SPDX-License-Identifier: Apache-2.0
//
// A dictionary of texts in the order of its keys: a{ss} on the bus, an object in JSON.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace stas {

using TextDict = std::vector<std::pair<std::string, std::string>>;

}  // namespace stas
