// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/shown.h"

#include <array>

#include "libstas/core/base/secret.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"

namespace stas {

namespace {

template <std::size_t N>
bool contains_any(std::string_view text, const std::array<std::string_view, N>& marks) {
  const std::string lower = to_lower(text);
  for (const std::string_view mark : marks) {
    if (lower.find(mark) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

bool holds_secret(std::string_view text) {
  // The prefixes of the two key formats (DH-HMAC-CHAP secrets, TLS PSKs), and our options.
  static constexpr std::array<std::string_view, 3> kMarks = {"dhhc-", "nvmetlskey-", "dhchap-"};
  return contains_any(text, kMarks);
}

bool looks_secret(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kMarks = {"dhhc", "nvmetls", "dhchap", "secret", "passw", "token"};
  return contains_any(text, kMarks);
}

std::string shown(std::string_view text) {
  if (looks_secret(text)) return std::string(Secret::kRedacted);
  return printable(text, kMaxShown);
}

}  // namespace stas
