// SPDX-License-Identifier: Apache-2.0
//
// The value of exclude= and include= (compatibility contract 2.6), and what a [Match] section is about: fields as on
// controller= lines, with patterns and subnets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/config/config_values.h"
#include "libstas/core/config/line_fields.h"

namespace stas {

enum class RuleKind : std::uint8_t { exclude, include, match };

struct ParsedRule {
  std::optional<ControllerRule> rule;  // nullopt: it cannot be used (there is one problem, an error)
  ControllerRule certain;              // then: the fields that can be read, once, and well-formed
};

// A rule must be understood completely: one with an unknown or malformed field excludes nothing, because without that
// field it would match more than was meant. Nor does one with a value that no controller can have: who wrote it
// believes that something is excluded. The same for include=, whose fields that can be read bound what it could mean.
ParsedRule parse_controller_rule(std::string_view value, RuleKind kind, Problems& problems);
// The same from fields.
ParsedRule parse_rule_fields(const LineFields& split, RuleKind kind, Problems& problems);

// The rule as a line may have it: "transport=tcp;traddr=10.0.0.1".
std::string to_text(const ControllerRule& rule);

}  // namespace stas
