// SPDX-License-Identifier: Apache-2.0
//
// The value of controller=: fields "key=value" separated by ';' (compatibility contract 2.5, regressions 5, 32, 33).
#pragma once

#include <optional>
#include <string_view>

#include "libstas/core/config/config_values.h"
#include "libstas/core/config/line_fields.h"
#include "libstas/core/config/named_key.h"

namespace stas {

struct ParsedControllerLine {
  std::optional<ControllerLine> line;  // nullopt: it cannot be used (at least one problem is an error)
  // The line can be used, but a field that says which controller it means may be among those that were not understood.
  bool unclear = false;
};

// `default_nqn` empty: the NQN is mandatory. `keys`: what was read of those that the line may name. The member `line`
// of the result is left 0.
ParsedControllerLine parse_controller_line(std::string_view value, std::string_view default_nqn, Problems& problems,
                                           const NamedKeys& keys = {});

}  // namespace stas
