// SPDX-License-Identifier: Apache-2.0
//
// Time spans as people write them in stafd.conf(5): "72hours", "1 day 10:00:00", "-1" (compatibility contract 2.10).
#pragma once

#include <optional>
#include <string_view>

namespace stas {

// Seconds, or nullopt when the text is not a time span. inf, nan and values beyond 100 years are not.
std::optional<double> parse_time_span(std::string_view text);

}  // namespace stas
