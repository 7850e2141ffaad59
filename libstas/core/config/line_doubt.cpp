// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/line_doubt.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "libstas/core/base/host_name.h"
#include "libstas/core/base/text.h"
#include "libstas/core/config/address_text.h"
#include "libstas/core/config/line_fields.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::array<std::string_view, 8> kIdentity = {"transport",   "traddr",     "trsvcid",  "nqn",
                                                       "host-traddr", "host-iface", "host-nqn", "subsysnqn"};

// The one value of a field; nullopt when it is missing or given with two values.
std::optional<std::string_view> the_value(const LineFields& split, std::string_view key) {
  std::optional<std::string_view> value;
  for (const LineField& field : split.fields) {
    if (field.key != key || field.value == value) continue;
    if (value) return std::nullopt;
    value = field.value;
  }
  return value;
}

bool has(const LineFields& split, std::string_view key) {
  return std::any_of(split.fields.begin(), split.fields.end(),
                     [&](const LineField& field) { return field.key == key && !field.value.empty(); });
}

std::optional<std::string> certain_address(std::string_view text) {
  if (auto fc = fc_address(text)) return fc;
  if (IpAddress::parse(text) || is_host_name(text)) return std::string(text);
  return std::nullopt;
}

}  // namespace

void read_certain(std::string_view value, ConfigDoubt& doubt) {
  const LineFields split = split_fields(value);
  if (const auto text = the_value(split, "transport"); text && parse_transport(*text)) doubt.transport = *text;
  if (const auto text = the_value(split, "traddr"); text && (fc_address(*text) || objection(*text).empty())) {
    doubt.traddr = certain_address(*text);
  }
  if (const auto text = the_value(split, "trsvcid"); text && parse_port(*text)) {
    doubt.trsvcid = std::to_string(*parse_port(*text));
  }
  const auto nqn = the_value(split, has(split, "nqn") ? "nqn" : "subsysnqn");  // nqn= wins
  if (nqn && is_usable_nqn(*nqn) && objection(*nqn).empty()) doubt.subsysnqn = *nqn;
}

bool is_controller_like(std::string_view value) {
  const LineFields split = split_fields(value);
  return std::any_of(split.fields.begin(), split.fields.end(),
                     [](const LineField& field) { return is_identity_field(field.key); });
}

bool is_identity_field(std::string_view key) {
  return std::find(kIdentity.begin(), kIdentity.end(), to_lower(key)) != kIdentity.end();
}

}  // namespace stas
