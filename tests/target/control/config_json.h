// SPDX-License-Identifier: Apache-2.0
//
// The JSON form of a configuration. Text in and out; the values are those of model.h.
#pragma once

#include <string>
#include <string_view>

#include "tests/target/core/model.h"
#include "tests/target/core/result.h"

namespace stas::target {

/// Also understands what `nvmetcli save` writes. Fails with the JSON path of what is unknown, of the wrong type or out
/// of range.
Result<TargetConfig> parse_config(std::string_view json);
/// Text that parse_config() reads back to the same value.
std::string format_config(const TargetConfig& config);

}  // namespace stas::target
