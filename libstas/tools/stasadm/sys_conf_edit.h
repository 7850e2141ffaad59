// SPDX-License-Identifier: Apache-2.0
//
// Changes one option of [Host] in the text of sys.conf. The file is written anew in the old product's form: comments
// and blank lines are lost, keys are in lower case, one blank line behind each section.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"

namespace stas {

// `value` nullopt removes the option. The result is nullopt when there is nothing to change because the option to
// remove does not exist. A file with lines that cannot be understood is not touched: Error with `path` and the line.
Result<std::optional<std::string>> edit_sys_conf(std::string_view text, std::string_view path, const std::string& key,
                                                 const std::optional<std::string>& value);

}  // namespace stas
