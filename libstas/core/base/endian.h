// SPDX-License-Identifier: Apache-2.0
//
// Little-endian integers in byte buffers, as NVMe has them everywhere. The caller guarantees that the bytes are there;
// get_le() and put_le() check it with assertions that stay on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace stas {

template <class T>
T get_le(std::string_view bytes, std::size_t offset) {
  static_assert(std::is_unsigned_v<T>);
  const auto field = bytes.substr(offset, sizeof(T));
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<T>((static_cast<std::uint64_t>(value) << 8U) | static_cast<unsigned char>(field[i]));
  }
  return value;
}

template <class T>
void put_le(std::span<char> bytes, std::size_t offset, T value) {
  static_assert(std::is_unsigned_v<T>);
  const auto field = bytes.subspan(offset, sizeof(T));
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    field[i] = static_cast<char>(static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8U * i)));
  }
}

}  // namespace stas
