// SPDX-License-Identifier: Apache-2.0
//
// What can be read for certain of a controller= line that cannot be used, or of a line that may have been one.
#pragma once

#include <string_view>

#include "libstas/core/config/config_values.h"

namespace stas {

// Sets the fields of the doubt that the value has under their exact names, once, and well-formed. The others stay
// unset.
void read_certain(std::string_view value, ConfigDoubt& doubt);

// Does the text look like the value of controller=, or the name like one of its fields?
bool is_controller_like(std::string_view value);
bool is_identity_field(std::string_view key);

}  // namespace stas
