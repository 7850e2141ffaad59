// SPDX-License-Identifier: Apache-2.0
//
// The answer of `explain` for people: a paragraph for each controller, with a line for each thing there is to say.
#pragma once

#include <string>

#include "libstas/core/base/json.h"

namespace stas {

// The document of org.nvmexpress.stac.desired. Text of others is escaped.
std::string explain_text(const Json& answer);

// "0.25 s", "12 s", "3 min 5 s", "2 h 5 min", "3 d 4 h": what a person wants to know of a time.
std::string span_text(double seconds);

}  // namespace stas
