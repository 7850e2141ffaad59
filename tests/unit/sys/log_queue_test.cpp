// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/log_queue.h"

#include <condition_variable>
#include <mutex>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libstas/sys/os/journal.h"
#include "tests/unit/sys/loop_helper.h"

namespace stas {
namespace {

using testing::ElementsAre;

// Whoever keeps the log; reads nothing before it is told to. Shared with a thread that may outlive the test.
class Keeper {
 public:
  void write(const LogMessage& message) {
    std::unique_lock lock(mutex_);
    stuck_ = !reads_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return reads_; });
    stuck_ = false;
    lines_.push_back(message.text);
    changed_.notify_all();
  }
  void read() {
    const std::lock_guard lock(mutex_);
    reads_ = true;
    changed_.notify_all();
  }
  bool wait_until_stuck() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, test::kPatience, [this] { return stuck_; });
  }
  bool wait_for(std::size_t lines) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, test::kPatience, [&] { return lines_.size() >= lines; });
  }
  bool wait_for_line(std::string_view beginning) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, test::kPatience,
                             [&] { return !lines_.empty() && lines_.back().starts_with(beginning); });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  bool reads_ = false;
  bool stuck_ = false;
};

std::unique_ptr<LogQueue> queue_to(const std::shared_ptr<Keeper>& keeper) {
  return LogQueue::start([keeper](const LogMessage& message) { keeper->write(message); },
                         [](std::size_t dropped) {
                           return LogMessage{"missing " + std::to_string(dropped), {}};
                         });
}

TEST(LogQueue, WritesInOrderAndAllBeforeItsEnd) {
  const auto keeper = std::make_shared<Keeper>();
  keeper->read();
  std::vector<std::string> said;
  {
    const auto queue = queue_to(keeper);
    for (int i = 0; i < 1000; ++i) queue->push({said.emplace_back(std::to_string(i)), {}});
  }
  EXPECT_EQ(keeper->lines(), said);
}

TEST(LogQueue, WhatFindsNoRoomIsCountedAndToldInItsPlace) {
  const auto keeper = std::make_shared<Keeper>();
  const auto queue = queue_to(keeper);
  queue->push({"first", {}});
  ASSERT_TRUE(keeper->wait_until_stuck());
  const std::string big(LogQueue::kMaxWaiting / 16, 'x');
  for (int i = 0; i < 40; ++i) queue->push({std::to_string(i) + big, {}});
  keeper->read();
  // Also when nothing more is said.
  ASSERT_TRUE(keeper->wait_for(1 + 15 + 1));
  queue->push({"last", {}});
  ASSERT_TRUE(keeper->wait_for(1 + 15 + 1 + 1));
  auto lines = keeper->lines();
  for (auto& line : lines) line = line.substr(0, line.find('x'));
  EXPECT_THAT(lines, ElementsAre("first", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13",
                                 "14", "missing 25", "last"));
}

TEST(LogQueue, AReaderThatIsSlowGetsManyInARowAndOneNumber) {
  const auto keeper = std::make_shared<Keeper>();
  const auto queue = queue_to(keeper);
  const std::string big(LogQueue::kMaxWaiting / 16, 'x');
  queue->push({"first", {}});
  ASSERT_TRUE(keeper->wait_until_stuck());
  for (int i = 0; i < 16; ++i) queue->push({big, {}});
  queue->push({"no room", {}});
  queue->push({"little enough to fit, but not yet its turn", {}});
  keeper->read();
  ASSERT_TRUE(keeper->wait_for(1 + 15 + 1));
  EXPECT_EQ(keeper->lines().back(), "missing 3");
}

TEST(LogQueue, FieldsAndNumberOfMessagesCountAsWell) {
  const auto keeper = std::make_shared<Keeper>();
  const auto queue = queue_to(keeper);
  queue->push({"first", {}});
  ASSERT_TRUE(keeper->wait_until_stuck());
  for (std::size_t i = 0; i < LogQueue::kMaxWaiting / 64; ++i) queue->push({"", {""}});
  keeper->read();
  EXPECT_TRUE(keeper->wait_for_line("missing"));
}

TEST(LogQueue, AWriteThatIsStuckIsLeftBehind) {
  const auto keeper = std::make_shared<Keeper>();
  {
    const auto queue = queue_to(keeper);
    queue->push({"first", {}});
    ASSERT_TRUE(keeper->wait_until_stuck());
  }  // returns
  keeper->read();
  EXPECT_TRUE(keeper->wait_for(1));
}

TEST(Journal, OnceStartedAThreadWritesTheSameInTheSameOrder) {
  testing::internal::CaptureStderr();
  {
    Journal journal("stafd", Journal::Sink::standard_error);
    journal.info("before");
    journal.start();
    journal.error("first");
    journal.debug("not without tron");
    journal.info("second");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "before\nfirst\nsecond\n");
}

}  // namespace
}  // namespace stas
