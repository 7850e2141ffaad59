// SPDX-License-Identifier: Apache-2.0
//
// The values of controller= and exclude=: fields "key=value" separated by ';' (compatibility contract 2.5, 2.6,
// regressions 5, 32, 33). What is wrong with a line is added to `problems`; no text of it ever holds a secret.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/config/config_values.h"

namespace stas {

struct Problem {
  Severity severity = Severity::error;
  std::string text;
};
using Problems = std::vector<Problem>;

// nullopt: the line cannot be used (at least one problem is an error). `default_nqn` empty: the NQN is mandatory.
// The member `line` is left 0.
std::optional<ControllerLine> parse_controller_line(std::string_view value, std::string_view default_nqn,
                                                    Problems& problems);

// A rule must be understood completely: one with an unknown or malformed field excludes nothing, because without that
// field it would match more than was meant.
std::optional<ExcludeRule> parse_exclude_rule(std::string_view value, Problems& problems);

}  // namespace stas
