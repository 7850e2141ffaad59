// SPDX-License-Identifier: Apache-2.0
//
// Little-endian access to byte ranges, and the text fields of fabrics data structures. The caller answers for the
// bounds of numbers; text helpers bound themselves. Written apart from the product's codec on purpose: the target is a
// witness.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stas::target {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

template <typename T>
T get_le(const std::uint8_t* at) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | at[i]);
  return value;
}

template <typename T>
void put_le(std::uint8_t* at, T value) {
  auto rest = static_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i, rest >>= 8) at[i] = static_cast<std::uint8_t>(rest & 0xFF);
}

inline std::uint16_t get16(const std::uint8_t* at) { return get_le<std::uint16_t>(at); }
inline std::uint32_t get32(const std::uint8_t* at) { return get_le<std::uint32_t>(at); }
inline std::uint64_t get64(const std::uint8_t* at) { return get_le<std::uint64_t>(at); }
inline void put16(std::uint8_t* at, std::uint16_t value) { put_le(at, value); }
inline void put32(std::uint8_t* at, std::uint32_t value) { put_le(at, value); }
inline void put64(std::uint8_t* at, std::uint64_t value) { put_le(at, value); }

/// The text of a field that ends at its first NUL or at its last byte, without trailing blanks.
inline std::string get_text(View field) {
  const auto end = std::find(field.begin(), field.end(), 0);
  std::string text(field.begin(), end);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// Writes as much of `text` as fits into `room` bytes and fills the rest.
inline void put_text(std::uint8_t* at, std::size_t room, std::string_view text, char fill = '\0') {
  const auto length = std::min(room, text.size());
  std::memcpy(at, text.data(), length);
  std::memset(at + length, fill, room - length);
}

}  // namespace stas::target
