// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/commands.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/nvme_tcp/wire.h"

namespace stas::nvme_tcp {
namespace {

TEST(Commands, HostIdIsReadInTextualByteOrder) {
  const auto id = parse_host_id("01234567-89ab-CDEF-0123-456789abcdef");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(std::string(id->data(), 16),
            std::string("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"));
  for (const char* text : {"", "01234567-89ab-cdef-0123-456789abcde", "01234567-89ab-cdef-0123-456789abcdef0",
                           "0123456789abcdef0123456789abcdef", "g1234567-89ab-cdef-0123-456789abcdef",
                           "01234567-89ab-cdef-0123456789-abcdef"}) {
    EXPECT_FALSE(parse_host_id(text).has_value()) << text;
  }
}

TEST(Commands, GetLogPageSplitsLengthAndOffset) {
  const auto command = get_log_page({0x70, 2, true, 0x123456789ABC, 1U << 20});
  const std::string_view sqe(command.sqe.data(), command.sqe.size());
  EXPECT_EQ(get<std::uint32_t>(sqe, 40), 0xFFFF8270U);
  EXPECT_EQ(get<std::uint32_t>(sqe, 44), 0x3U);
  EXPECT_EQ(get<std::uint32_t>(sqe, 48), 0x56789ABCU);
  EXPECT_EQ(get<std::uint32_t>(sqe, 52), 0x1234U);
  EXPECT_EQ(command.read_length, 1U << 20);
}

TEST(Commands, IdentifyIgnoresAnUnusableNqn) {
  std::string data(kIdentifySize, '\0');
  data[768] = '\n';
  EXPECT_EQ(parse_identify_controller(data)->subsysnqn, "");
  data.replace(768, 256, std::string(256, 'x'));
  EXPECT_EQ(parse_identify_controller(data)->subsysnqn, "");
  data[77] = static_cast<char>(0xFF);
  EXPECT_EQ(parse_identify_controller(data)->max_transfer, 0U);
}

}  // namespace
}  // namespace stas::nvme_tcp
