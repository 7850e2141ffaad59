// SPDX-License-Identifier: Apache-2.0
//
// What stafctl and stacctl print. pprint is the old product's format and the default; json is for programs, table for
// people, dot for a picture of what has one. Everything but json shows text of others with control characters escaped.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/base/json.h"

namespace stas {

enum class OutputFormat { pprint, json, table, dot };

// What a command comes to.
struct CtlPrint {
  std::string out, err;
  int exit_code = 0;
};

std::optional<OutputFormat> output_format(std::string_view name);

// The documents of the tools: a list of dictionaries (ls, dlp), a dictionary with a list `controllers` (status), or a
// list of {discovery-controller, log-pages} (adlp). With a trailing newline. Not for dot.
std::string format_document(const Json& document, OutputFormat format);

}  // namespace stas
