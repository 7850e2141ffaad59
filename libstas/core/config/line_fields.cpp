// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/line_fields.h"

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/config/ini.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::size_t kMaxKey = 24;  // ours are shorter; anything longer may be a piece of a key in base64

}  // namespace

LineFields split_fields(std::string_view value) {
  LineFields out;
  value = without_trailing_comment(trimmed(value));
  while (!value.empty()) {
    const std::size_t end = value.find(';');
    const std::string_view field = trimmed(value.substr(0, end));
    value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
    if (field.empty()) continue;
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos || equals == 0 || out.fields.size() == kMaxLineFields) {
      ++out.malformed;
      continue;
    }
    out.fields.push_back({trimmed(field.substr(0, equals)), trimmed(field.substr(equals + 1))});
  }
  return out;
}

std::string field_name(std::string_view key) {
  if (key.empty() || key.size() > kMaxKey) return "a field";
  for (const char c : key) {
    if (!is_name_char(c)) return "a field";
  }
  return "field `" + std::string(key) + "`";
}

std::string objection(std::string_view value) {
  if (value.size() > kMaxFieldLength) return "is longer than " + std::to_string(kMaxFieldLength) + " bytes";
  if (!value.empty() && !is_injection_free(value)) {
    return "contains a comma or a control character (fields are separated by `;`)";
  }
  if (!is_valid_utf8(value)) return "is not UTF-8";
  if (holds_secret(value)) return "contains a secret: is a `;` missing?";
  return {};
}

std::string key_objection(std::string_view value) {
  if (value.empty()) return "is empty";
  if (value.size() <= kMaxFieldLength && is_injection_free(value)) return {};
  return "is no key (it is too long, or contains a comma or a control character)";
}

bool is_secret_name(std::string_view key) {
  if (looks_secret(key)) return true;
  const std::string lower = to_lower(key);
  for (const std::string_view mark : {"key", "psk", "pass", "tls", "cred", "auth"}) {
    if (lower.find(mark) != std::string::npos) return true;
  }
  return false;
}

std::string bad_transport(std::string_view value) {
  const std::vector<std::string_view> known = {"tcp", "rdma", "fc", "loop"};
  const std::string near = did_you_mean(value, known);
  return "Invalid transport " + shown(value) + (near.empty() ? " - write tcp, rdma, fc or loop" : near);
}

}  // namespace stas
