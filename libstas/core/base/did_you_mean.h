// SPDX-License-Identifier: Apache-2.0
//
// "Did you mean ...?" for names that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stas {

// Up to a third of the letters may be wrong, but no more than three; letter case does not count. Empty when nothing is
// that close; the first of the closest candidates otherwise.
std::string_view closest(std::string_view text, const std::vector<std::string_view>& candidates);

// " - did you mean `hdr-digest`?", or nothing when nothing is close.
std::string did_you_mean(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace stas
