// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/log_limit.h"

#include <gtest/gtest.h>

namespace stas {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr LogBounds kSmall{.per_subject = 3, .in_all = 10, .window = minutes(10)};
const Instant kStart{seconds(1000)};

std::string text_of(const std::vector<LogLimit::Untold>& untold) {
  std::string text;
  for (const auto& [subject, messages] : untold) text += subject + "=" + std::to_string(messages) + " ";
  return text;
}

int admitted(LogLimit& limit, const std::string& subject, int times, Instant now) {
  int count = 0;
  for (int i = 0; i < times; ++i) count += limit.admits(subject, now) ? 1 : 0;
  return count;
}

TEST(LogLimit, ASubjectHasItsShareAndTheRestIsCounted) {
  LogLimit limit(kSmall);
  EXPECT_EQ(admitted(limit, "a", 8, kStart), 3);
  EXPECT_EQ(admitted(limit, "b", 2, kStart + seconds(1)), 2) << "another's share is its own";
  EXPECT_EQ(limit.deadline(), kStart + minutes(10));
  EXPECT_EQ(text_of(limit.take(kStart + minutes(10) - seconds(1))), "");
  EXPECT_EQ(text_of(limit.take(kStart + minutes(10))), "a=5 ");
  EXPECT_EQ(text_of(limit.take(kStart + minutes(20))), "") << "told once";
  EXPECT_EQ(limit.deadline(), kNever);
}

TEST(LogLimit, AfterItsTimeASubjectHasANewShare) {
  LogLimit limit(kSmall);
  EXPECT_EQ(admitted(limit, "a", 8, kStart), 3);
  EXPECT_EQ(admitted(limit, "a", 8, kStart + minutes(10)), 3);
  EXPECT_LE(limit.deadline(), kStart + minutes(10)) << "what was refused before is to be told now";
  EXPECT_EQ(text_of(limit.take(kStart + minutes(10))), "a=5 ");
  EXPECT_EQ(limit.deadline(), kStart + minutes(20));
}

TEST(LogLimit, ThereIsAnEndToAll) {
  LogLimit limit(kSmall);
  int count = 0;
  for (int i = 0; i < 100; ++i) count += limit.admits(std::to_string(i), kStart) ? 1 : 0;
  EXPECT_EQ(count, 10);
  EXPECT_EQ(admitted(limit, "0", 5, kStart), 0);
  EXPECT_EQ(limit.deadline(), kStart + minutes(10));
  EXPECT_EQ(text_of(limit.take(kStart + minutes(10))), "=95 ");
  EXPECT_TRUE(limit.admits("100", kStart + minutes(10)));
}

TEST(LogLimit, WhatAHostileSubjectSaysTooMuchIsNotTakenFromAll) {
  LogLimit limit(kSmall);
  EXPECT_EQ(admitted(limit, "hostile", 1000, kStart), 3);
  EXPECT_EQ(admitted(limit, "honest", 3, kStart), 3);
  EXPECT_EQ(text_of(limit.take(kStart + minutes(10))), "hostile=997 ");
}

TEST(LogLimit, TheEndTellsAll) {
  LogLimit limit(kSmall);
  admitted(limit, "a", 4, kStart);
  admitted(limit, "b", 5, kStart + minutes(1));
  EXPECT_EQ(text_of(limit.take(kNever)), "a=1 b=2 ");
}

// 150 controllers that are surprising twice a second for an hour.
TEST(LogLimit, WhoIsSurprisingForEverIsHeardAtTheSamePace) {
  LogLimit limit;
  std::size_t lines = 0;
  for (int half = 0; half < 2 * 3600; ++half) {
    const Instant now = kStart + std::chrono::milliseconds(500) * half;
    for (int controller = 0; controller < 150; ++controller)
      lines += limit.admits(std::to_string(controller), now) ? 1 : 0;
    if (now >= limit.deadline()) lines += limit.take(now).size();
  }
  EXPECT_LE(lines, std::size_t{150} * 6 * (limit.bounds().per_subject + 1));
}

}  // namespace
}  // namespace stas
