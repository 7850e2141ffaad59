// SPDX-License-Identifier: Apache-2.0
//
// "Did you mean ...?" for names that nobody knows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stas {

// Up to a third of the letters may be wrong, but no more than three; letter case does not count. Empty when nothing is
// that close; the first of the closest candidates otherwise.
std::string_view closest(std::string_view text, const std::vector<std::string_view>& candidates);

// For names of any length: up to `count` candidates, first those that contain the text, then those that differ from it
// no more than closest() allows, nearest first.
std::vector<std::string_view> nearest(std::string_view text, const std::vector<std::string_view>& candidates,
                                      std::size_t count);

// " - did you mean `hdr-digest`?", or nothing when nothing is close.
std::string did_you_mean(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace stas
