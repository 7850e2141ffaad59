// SPDX-License-Identifier: Apache-2.0
//
// How loud a line of the journal is.
#pragma once

#include <cstdint>

namespace stas {

enum class Level : std::uint8_t { debug, info, warning, error };

}  // namespace stas
