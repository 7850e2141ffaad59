// SPDX-License-Identifier: Apache-2.0
//
// The output format of the tools: what Python's pprint writes with width=120, byte for byte (compatibility contract
// 1.13), because scripts evaluate it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "libstas/core/base/json.h"

namespace stas {

inline constexpr std::size_t kPprintWidth = 120;

// repr(): `{'a': 'x', 'b': [True, None, 1.5]}`, keys sorted. Of equal keys the last one counts.
std::string python_repr(const Json& value);
std::string text_repr(std::string_view text);

// pprint.pformat(value, width=...), without a trailing newline.
std::string python_pprint(const Json& value, std::size_t width = kPprintWidth);

}  // namespace stas
