// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/uuid.h"

#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

TEST(Uuid, IsReadInTheOrderOfItsText) {
  const auto uuid = parse_uuid("01234567-89ab-CDEF-0123-456789abcdef");
  ASSERT_TRUE(uuid.has_value());
  EXPECT_EQ(std::string(uuid->begin(), uuid->end()),
            std::string("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"));
  EXPECT_EQ(to_text(*uuid), "01234567-89ab-cdef-0123-456789abcdef");
  EXPECT_EQ(parse_uuid_digits("0123456789abcdef0123456789ABCDEF"), uuid);
}

TEST(Uuid, HasOneForm) {
  for (const char* text : {"", "01234567-89ab-cdef-0123-456789abcde", "01234567-89ab-cdef-0123-456789abcdef0",
                           "0123456789abcdef0123456789abcdef", "g1234567-89ab-cdef-0123-456789abcdef",
                           "01234567-89ab-cdef-0123456789-abcdef", "{01234567-89ab-cdef-0123-456789abcd}"}) {
    EXPECT_FALSE(parse_uuid(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_uuid_digits("0123456789abcdef0123456789abcde").has_value());
  EXPECT_FALSE(parse_uuid_digits("0123456789abcdef0123456789abcdeg").has_value());
}

}  // namespace
}  // namespace stas
