// SPDX-License-Identifier: Apache-2.0
//
// Keys as text. Besides not crashing: what is wrong with one is told in words of ours, no text is a key of both
// formats, a key has the length that its format has, and a key that is cut anywhere is none.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/config/key_format.h"
#include "libstas/core/config/named_key.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Of the whole key: prefix, hash and two colons, and base64 of 36, 52 or 68 bytes.
bool has_length(std::string_view key, std::string_view prefix, std::size_t lengths) {
  constexpr std::array<std::size_t, 3> kBase64 = {48, 72, 92};
  const std::size_t rest = key.size() - prefix.size() - 4;
  return std::find(kBase64.begin(), kBase64.begin() + static_cast<std::ptrdiff_t>(lengths), rest) !=
         kBase64.begin() + static_cast<std::ptrdiff_t>(lengths);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string dhchap = stas::dhchap_key_flaw(text), tls = stas::tls_key_flaw(text);
  require(dhchap.size() < 120 && tls.size() < 120);
  require(!dhchap.empty() || !tls.empty());
  if (dhchap.empty()) require(text.starts_with("DHHC-1:") && has_length(text, "DHHC-1:", 3));
  if (tls.empty()) require(text.starts_with("NVMeTLSkey-1:") && has_length(text, "NVMeTLSkey-1:", 2));
  if (dhchap.empty() || tls.empty()) {
    for (std::size_t end = 0; end < text.size(); ++end)
      require(!stas::dhchap_key_flaw(text.substr(0, end)).empty() && !stas::tls_key_flaw(text.substr(0, end)).empty());
  }
  if (size == 0) return 0;
  // As the value of an option, and as what its file holds.
  stas::NamedKeys there;
  there["file:///k"].text = stas::Secret(std::string(text));
  for (const auto& read : {stas::read_dhchap_key(text, {}), stas::read_dhchap_key("file:///k", there)}) {
    require(read.key.empty() != read.flaw.empty());
    for (const std::string* told : {&read.flaw, read.warnings.empty() ? &read.flaw : &read.warnings.front()})
      require(told->find("DHHC-1:") == std::string::npos || told->find("DHHC-1:<hash>") != std::string::npos);
  }
  return 0;
}
