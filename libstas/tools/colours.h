// SPDX-License-Identifier: Apache-2.0
//
// Colours on a terminal (ECMA-48), for the state of a path: green is well, yellow is being worked on, red is not there.
#pragma once

#include <string>
#include <string_view>

namespace stas {

// Is standard output a terminal, and are colours welcome there (NO_COLOR, no-color.org)?
bool is_for_colours();
// The text in the colour of a state (core/identity/device, path_state()).
std::string in_colour_of(std::string_view state, std::string_view text);

}  // namespace stas
