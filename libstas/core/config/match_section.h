// SPDX-License-Identifier: Apache-2.0
//
// [Match NAME] sections of stacd.conf: connection parameters for the discovered controllers that a section is about.
#pragma once

#include <cstddef>

#include "libstas/core/config/config_values.h"
#include "libstas/core/config/option_reader.h"

namespace stas {

inline constexpr std::size_t kMaxMatchSections = 256;  // each controller is compared with all of them

// Every section that can be used. One whose controllers are not clear (a field that cannot be read, is not known or is
// given twice, or no field at all) is not, with an error: it would be about others than were meant. A parameter that
// cannot be read is left to [Global].
void read_matches(OptionReader& file, StacdConfig& config);

// The first section that is about this controller, or nullptr. Into `config`.
const MatchSection* find_match(const StacdConfig& config, const Tid& tid);

}  // namespace stas
