// SPDX-License-Identifier: Apache-2.0
//
// The TXT record of an announcement: each input line is one string of it. What comes out can be logged and put into a
// transport ID.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/unicode.h"
#include "libstas/core/discovery/mdns_txt.h"
#include "libstas/core/identity/nqn.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> strings;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    strings.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  const auto txt = stas::parse_mdns_txt(strings);
  require(txt.nqn.empty() || (stas::is_injection_free(txt.nqn) && stas::is_valid_utf8(txt.nqn)));
  require(txt.problems.size() <= stas::kMaxTxtStrings + 1);
  for (const auto& problem : txt.problems) require(stas::is_valid_utf8(problem) && stas::printable(problem) == problem);
  require(txt == stas::parse_mdns_txt(strings));
  return 0;
}
