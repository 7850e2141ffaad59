// SPDX-License-Identifier: Apache-2.0
//
// '*' and '?' in the fields of exclude= rules. The work is bounded by the product of the two lengths.
#pragma once

#include <string_view>

namespace stas {

bool has_wildcard(std::string_view text);

// '*' stands for any characters, also none, '?' for one byte; everything else for itself.
bool matches_wildcards(std::string_view pattern, std::string_view text);

}  // namespace stas
