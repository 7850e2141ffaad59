// SPDX-License-Identifier: Apache-2.0
//
// Names taken apart from the left.
#include "tests/target/core/nqn.h"

#include <algorithm>
#include <cstddef>

#include "tests/target/core/constants.h"

namespace stas::target {
namespace {

constexpr std::string_view kUuidForm = "nqn.2014-08.org.nvmexpress:uuid:";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_uuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == kForm.size() && std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
           return form == '-' ? c == '-' : is_hex(c);
         });
}

/// "YYYY-MM." with a month that exists.
bool is_date(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd.";
  if (text.size() < kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? !is_digit(text[i]) : text[i] != kForm[i]) return false;
  }
  const int month = (text[5] - '0') * 10 + (text[6] - '0');
  return month >= 1 && month <= 12;
}

bool is_label(std::string_view text) {
  constexpr std::size_t kLongest = 63;
  return !text.empty() && text.size() <= kLongest && is_letter(text.front()) && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool is_domain(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

/// Bytes that the first one of a character of UTF-8 announces; 0: it cannot be one.
std::size_t sequence_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_of(static_cast<unsigned char>(text[at]));
    if (length == 0 || at + length > text.size()) return false;
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return false;
    }
    at += length;
  }
  return true;
}

}  // namespace

const char* flaw_of_nqn(std::string_view nqn) {
  if (nqn == kDiscoveryNqn) return nullptr;
  if (nqn.size() > kMaxNqnBytes) return "is longer than 223 bytes";
  if (!nqn.starts_with("nqn.")) return "does not begin with nqn.";
  if (nqn.starts_with(kUuidForm)) {
    return is_uuid(nqn.substr(kUuidForm.size())) ? nullptr : "does not end in a UUID";
  }
  const std::string_view rest = nqn.substr(4);
  if (!is_date(rest)) return "has no year and month after nqn.";
  const std::string_view named = rest.substr(8);
  const std::size_t colon = named.find(':');
  if (colon == std::string_view::npos || colon + 1 == named.size()) return "has nothing behind a colon";
  if (!is_domain(named.substr(0, colon))) return "has no domain name before its colon";
  return is_utf8(named.substr(colon + 1)) ? nullptr : "is not UTF-8";
}

}  // namespace stas::target
