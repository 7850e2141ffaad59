// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/uuid.h"

#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr bool is_hyphen_place(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != kUuidTextLength) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_hyphen_place(i) != (text[i] == '-')) return std::nullopt;
    if (!is_hyphen_place(i)) digits += text[i];
  }
  return parse_uuid_digits(digits);
}

std::optional<Uuid> parse_uuid_digits(std::string_view digits) {
  Uuid uuid{};
  if (digits.size() != uuid.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    const auto high = hex_digit(digits[2 * i]), low = hex_digit(digits[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    uuid[i] = static_cast<std::uint8_t>(*high << 4U | *low);
  }
  return uuid;
}

std::string to_text(const Uuid& uuid) {
  std::string text;
  for (const std::uint8_t byte : uuid) {
    if (is_hyphen_place(text.size())) text += '-';
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 0xFU];
  }
  return text;
}

}  // namespace stas
