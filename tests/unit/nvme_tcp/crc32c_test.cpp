// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/crc32c.h"

#include <string>

#include <gtest/gtest.h>

namespace stas::nvme_tcp {
namespace {

std::string counting_bytes() {
  std::string bytes;
  for (char c = 0; c < 0x20; ++c) bytes += c;
  return bytes;
}

TEST(Crc32c, GivesThePublishedValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(counting_bytes()), 0x46DD794EU);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(Crc32c, OfAResponseHeaderWithDigestFlag) {
  std::string header(24, '\0');
  header[0] = 0x05;
  header[1] = 0x01;
  header[2] = 0x18;
  header[4] = 0x1C;
  EXPECT_EQ(crc32c(header), 0x8903129BU);
}

TEST(Crc32c, CanBeContinuedAtAnyByte) {
  const std::string text = "the digest of a header, then of what follows it";
  for (std::size_t i = 0; i <= text.size(); ++i) {
    EXPECT_EQ(crc32c(text.substr(i), crc32c(text.substr(0, i))), crc32c(text)) << i;
  }
}

}  // namespace
}  // namespace stas::nvme_tcp
