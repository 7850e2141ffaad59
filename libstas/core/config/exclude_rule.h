// SPDX-License-Identifier: Apache-2.0
//
// The value of exclude= (compatibility contract 2.6): fields as on controller= lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/config/config_values.h"
#include "libstas/core/config/line_fields.h"

namespace stas {

// A rule must be understood completely: one with an unknown or malformed field excludes nothing, because without that
// field it would match more than was meant. Nor does one with a value that no controller can have: who wrote it
// believes that something is excluded.
std::optional<ExcludeRule> parse_exclude_rule(std::string_view value, Problems& problems);

// The rule as a line may have it: "transport=tcp;traddr=10.0.0.1".
std::string to_text(const ExcludeRule& rule);

}  // namespace stas
