// SPDX-License-Identifier: Apache-2.0
//
// JSON from the bus and from files: what is read is within the bounds, and reading what was written gives the same
// value, whichever way it was written; Python's form is plain ASCII.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = stas::Json::parse(text);
  if (!json) return 0;
  const std::string python = json->dump_python();
  if (!std::all_of(python.begin(), python.end(), [](char c) { return c >= ' ' && c <= '~'; })) std::abort();
  for (const std::string& written : {python, json->dump_pretty(), json->dump_pretty(2)}) {
    const auto again = stas::Json::parse(written);
    if (!again || *again != *json) std::abort();
  }
  return 0;
}
