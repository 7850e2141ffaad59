// SPDX-License-Identifier: Apache-2.0
//
// Time spans: what is accepted is a finite number within the bound, and means the same when written as plain seconds.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/config/duration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto seconds = stas::parse_time_span(text);
  if (!seconds) return 0;
  if (!std::isfinite(*seconds)) std::abort();
  const auto again = stas::parse_time_span(std::to_string(*seconds));
  if (!again || std::abs(*again - *seconds) > 1e-5) std::abort();
  return 0;
}
