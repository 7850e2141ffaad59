// SPDX-License-Identifier: Apache-2.0
//
// NQN grammar (NVM Express Base Specification 2.0, clause 4.5) and the weaker questions asked of texts from outside.
#include "libstas/core/identity/nqn.h"

#include <algorithm>

#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/base/uuid.h"

namespace stas {
namespace {

constexpr std::size_t kMaxLabel = 63;  // RFC 1034

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel || !is_letter(label.front()) || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool is_reverse_domain(std::string_view domain) {
  while (true) {
    const auto dot = domain.find('.');
    if (!is_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

// "yyyy-mm."
bool is_date(std::string_view text) {
  if (text.size() != 8 || text[4] != '-' || text[7] != '.') return false;
  if (!std::all_of(text.begin(), text.begin() + 4, is_digit) || !is_digit(text[5]) || !is_digit(text[6])) return false;
  const int month = (text[5] - '0') * 10 + (text[6] - '0');
  return month >= 1 && month <= 12;
}

}  // namespace

bool is_usable_nqn(std::string_view nqn) {
  return !nqn.empty() && nqn.size() <= kMaxNqnLength && !has_control(nqn) && is_valid_utf8(nqn);
}

bool is_strict_nqn(std::string_view nqn) {
  if (nqn == kWellKnownDiscoveryNqn) return true;
  if (!is_usable_nqn(nqn)) return false;
  // The UUID prefix commits: what follows must be a UUID, although the domain form would allow other names.
  if (nqn.substr(0, kUuidNqnPrefix.size()) == kUuidNqnPrefix)
    return parse_uuid(nqn.substr(kUuidNqnPrefix.size())).has_value();
  if (nqn.substr(0, 4) != "nqn." || !is_date(nqn.substr(4, 8))) return false;
  const std::string_view name = nqn.substr(12);
  const auto colon = name.find(':');
  return colon != std::string_view::npos && colon + 1 < name.size() && is_reverse_domain(name.substr(0, colon));
}

std::optional<std::string> uuid_of_nqn(std::string_view nqn) {
  if (nqn.substr(0, kUuidNqnPrefix.size()) != kUuidNqnPrefix || !parse_uuid(nqn.substr(kUuidNqnPrefix.size()))) {
    return std::nullopt;
  }
  return std::string(nqn.substr(kUuidNqnPrefix.size()));
}

}  // namespace stas
