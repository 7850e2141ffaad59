// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/crc32c.h"

#include <array>
#include <cstddef>

#include "libstas/core/base/endian.h"

namespace stas::nvme_tcp {

namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // reflected
constexpr std::size_t kStride = 8;                 // bytes per step

using Tables = std::array<std::array<std::uint32_t, 256>, kStride>;

// tables[k][b]: what byte b does to the remainder when k more bytes follow it.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
    tables[0][b] = crc;
  }
  for (std::size_t k = 1; k < kStride; ++k) {
    for (std::size_t b = 0; b < 256; ++b) {
      const auto shorter = tables[k - 1][b];
      tables[k][b] = (shorter >> 8U) ^ tables[0][shorter & 0xFFU];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  while (bytes.size() >= kStride) {
    const auto low = get_le<std::uint32_t>(bytes, 0) ^ crc;
    const auto high = get_le<std::uint32_t>(bytes, 4);
    crc = kTables[7][low & 0xFFU] ^ kTables[6][(low >> 8U) & 0xFFU] ^ kTables[5][(low >> 16U) & 0xFFU] ^
          kTables[4][low >> 24U] ^ kTables[3][high & 0xFFU] ^ kTables[2][(high >> 8U) & 0xFFU] ^
          kTables[1][(high >> 16U) & 0xFFU] ^ kTables[0][high >> 24U];
    bytes.remove_prefix(kStride);
  }
  for (const char c : bytes) crc = (crc >> 8U) ^ kTables[0][(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~crc;
}

}  // namespace stas::nvme_tcp
