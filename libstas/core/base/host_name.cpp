// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/host_name.h"

#include "libstas/core/base/text.h"

namespace stas {

bool is_host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kMaxHostName) return false;
  bool digits_only = true;
  std::size_t label = 0;
  for (const char c : text) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      digits_only = true;
      continue;
    }
    if (!is_name_char(c)) return false;
    ++label;
    digits_only = digits_only && is_digit(c);
  }
  return label > 0 && !digits_only;
}

}  // namespace stas
