// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/topic.h"

#include <set>

#include <gtest/gtest.h>

namespace stas {
namespace {

TEST(Topic, EachHasAMessageIdOfItsOwn) {
  std::set<std::string_view> ids;
  int number = 0;
  for (const TopicInfo& info : all_topics()) {
    EXPECT_EQ(static_cast<int>(info.topic), ++number) << info.name;
    EXPECT_EQ(message_id(info.topic), info.id);
    EXPECT_EQ(info.id.size(), 32U);
    EXPECT_EQ(info.id.find_first_not_of("0123456789abcdef"), std::string_view::npos) << info.id;
    EXPECT_TRUE(ids.insert(info.id).second) << info.name;
  }
  EXPECT_EQ(message_id(Topic::none), "");
  EXPECT_EQ(message_id(Topic::budget_used_up), all_topics().back().id) << "the last one";
}

}  // namespace
}  // namespace stas
