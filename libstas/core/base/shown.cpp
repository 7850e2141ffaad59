// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/shown.h"

#include <array>

#include "libstas/core/base/secret.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"

namespace stas {

namespace {

// Lower case, and without the blanks in front of each '=', where they mean nothing.
std::string folded(std::string_view text) {
  std::string out;
  for (const char c : to_lower(text)) {
    if (c == '=') out.resize(out.find_last_not_of(kBlanks) + 1);
    out += c;
  }
  return out;
}

template <std::size_t N>
bool contains_any(const std::string& text, const std::array<std::string_view, N>& marks) {
  for (const std::string_view mark : marks) {
    if (text.find(mark) != std::string::npos) return true;
  }
  return false;
}

// The prefixes of the two key formats (DH-HMAC-CHAP secrets, TLS PSKs), and names of options that carry one.
bool holds_mark(const std::string& text) {
  static constexpr std::array<std::string_view, 8> kMarks = {
      "dhhc-", "nvmetlskey-", "dhchap-", "psk=", "key=", "secret=", "password=", "passphrase="};
  return contains_any(text, kMarks);
}

}  // namespace

bool holds_secret(std::string_view text) { return holds_mark(folded(text)); }

bool looks_secret(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kMarks = {"dhhc", "nvmetls", "dhchap", "secret", "passw", "token"};
  const std::string lower = folded(text);
  return holds_mark(lower) || contains_any(lower, kMarks);
}

std::string shown(std::string_view text) {
  if (looks_secret(text)) return std::string(Secret::kRedacted);
  return printable(text, kMaxShown);
}

}  // namespace stas
