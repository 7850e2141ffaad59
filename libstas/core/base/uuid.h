// SPDX-License-Identifier: Apache-2.0
//
// UUIDs in their usual text form, "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5" (RFC 9562, clause 4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stas {

// In the order of the text.
using Uuid = std::array<std::uint8_t, 16>;

inline constexpr std::size_t kUuidTextLength = 36;

// Exactly the text form, digits in either case; else nullopt.
std::optional<Uuid> parse_uuid(std::string_view text);

// 32 hexadecimal digits without hyphens; else nullopt.
std::optional<Uuid> parse_uuid_digits(std::string_view digits);

// Lower case.
std::string to_text(const Uuid& uuid);

}  // namespace stas
