// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/wildcard.h"

#include <cstddef>

namespace stas {

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

bool matches_wildcards(std::string_view pattern, std::string_view text) {
  std::size_t at = 0, star = std::string_view::npos, resume = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = i;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[i])) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;  // the last '*' takes one more
      i = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace stas
