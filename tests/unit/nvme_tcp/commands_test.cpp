// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/commands.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/base/endian.h"

namespace stas::nvme_tcp {
namespace {

TEST(Commands, GetLogPageSplitsLengthAndOffset) {
  const auto command = get_log_page({0x70, 2, true, 0x123456789ABC, 1U << 20});
  const std::string_view sqe(command.sqe.data(), command.sqe.size());
  EXPECT_EQ(get_le<std::uint32_t>(sqe, 40), 0xFFFF8270U);
  EXPECT_EQ(get_le<std::uint32_t>(sqe, 44), 0x3U);
  EXPECT_EQ(get_le<std::uint32_t>(sqe, 48), 0x56789ABCU);
  EXPECT_EQ(get_le<std::uint32_t>(sqe, 52), 0x1234U);
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

TEST(Commands, SerialAndModelAreTextForEverybody) {
  std::string data(kIdentifySize, '\0');
  const auto set = [&data](std::size_t at, std::size_t size, std::string text) {
    text.resize(size, ' ');
    data.replace(at, size, text);
  };
  set(4, 20, " S\xff\xfe\x1b[2J");
  set(24, 40, "M\xc3\xa4rz \xc2\x9b");
  const auto identity = parse_identify_controller(data);
  EXPECT_EQ(identity->serial, "S???[2J");
  EXPECT_EQ(identity->model, "M\xc3\xa4rz ?");
}

}  // namespace
}  // namespace stas::nvme_tcp
