// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/state_file.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "libstas/sys/os/files.h"
#include "tests/unit/sys/loop_helper.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

class StateFileTest : public ::testing::Test {
 protected:
  bool written(int times) {
    return test::run_until(loop_, [&] { return texts_ >= times; });
  }

  std::string content() const { return read_file_bounded(directory_ / "state", 100).value_or("none"); }

  Loop loop_;
  test::TemporaryDirectory directory_;
  Journal journal_{"test", Journal::Sink::standard_error};
  int texts_ = 0;
  std::shared_future<void> slow_;  // valid: a text is made only when it is ready
  StateFile file_{loop_, directory_ / "state", journal_, [this] {
                    return [text = std::to_string(++texts_), slow = slow_] {
                      if (slow.valid()) slow.wait();
                      return text;
                    };
                  }};
};

TEST_F(StateFileTest, ChangesAreWrittenTogetherSoonAndThenSeldom) {
  for (int i = 0; i < 100; ++i) file_.changed();
  EXPECT_EQ(texts_, 0);
  ASSERT_TRUE(written(1));
  const Instant first = loop_.now();
  file_.changed();
  ASSERT_TRUE(written(2));
  // The loop's time of the first may be a moment after the writing.
  EXPECT_GE(loop_.now() - first, StateFile::kSeldom - StateFile::kSoon);
}

TEST(StateFilePause, IsFourTimesAsLongAsTheWritingWithinBounds) {
  using std::chrono::hours, std::chrono::milliseconds, std::chrono::seconds;
  EXPECT_EQ(StateFile::pause_after(milliseconds(1)), milliseconds(500));
  EXPECT_EQ(StateFile::pause_after(milliseconds(300)), milliseconds(1200));
  EXPECT_EQ(StateFile::pause_after(seconds(10)), seconds(30)) << "a disk that hung";
  EXPECT_EQ(StateFile::pause_after(hours(1'000'000)), seconds(30));
}

TEST_F(StateFileTest, WhatWaitsIsWrittenAtTheEndAndOnlyThat) {
  file_.flush();
  EXPECT_EQ(texts_, 0) << "nothing waits";
  file_.changed();
  file_.flush();
  EXPECT_EQ(texts_, 1);
  file_.flush();
  EXPECT_EQ(texts_, 1);
}

// A long text, or a slow disk.
TEST_F(StateFileTest, TheLoopGoesOnWhileTheFileIsWritten) {
  std::promise<void> disk;
  slow_ = disk.get_future().share();
  file_.changed();
  ASSERT_TRUE(written(1));
  file_.changed();
  bool ran = false;
  TimerSource timer = loop_.timer([&] { ran = true; });
  timer.arm_after(3 * StateFile::kSoon);
  ASSERT_TRUE(test::run_until(loop_, [&] { return ran; }));
  EXPECT_EQ(texts_, 1) << "one writer per path";
  EXPECT_EQ(content(), "none");
  disk.set_value();
  ASSERT_TRUE(written(2)) << "what changed meanwhile";
  file_.flush();
  EXPECT_EQ(content(), "2");
}

TEST_F(StateFileTest, TheEndWaitsForWhatIsBeingWrittenAndWritesWhatChangedMeanwhile) {
  std::promise<void> disk;
  slow_ = disk.get_future().share();
  file_.save();
  file_.changed();
  slow_ = {};
  std::thread later([&] { disk.set_value(); });
  file_.flush();
  later.join();
  EXPECT_EQ(content(), "2");
}

TEST_F(StateFileTest, ItsEndWaitsForTheWriting) {
  std::promise<void> disk;
  std::thread later;
  {
    StateFile file(loop_, directory_ / "state", journal_,
                   [slow = disk.get_future().share()] { return [slow] { return slow.wait(), std::string("whole"); }; });
    file.save();
    later = std::thread([&] { disk.set_value(); });
  }
  EXPECT_EQ(content(), "whole");
  later.join();
}

TEST_F(StateFileTest, WhatHangsIsWaitedForOnce) {
  std::promise<void> disk;
  testing::internal::CaptureStderr();
  {
    StateFile file(loop_, directory_ / "state", journal_,
                   [slow = disk.get_future().share()] { return [slow] { return slow.wait(), std::string("late"); }; });
    file.save();
    EXPECT_FALSE(file.flush(Duration::zero()));
    file.changed();
    EXPECT_FALSE(file.flush());
  }
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  disk.set_value();
  TimerSource look = loop_.timer([&] { look.arm_after(std::chrono::milliseconds(5)); });  // nobody else wakes the loop
  look.arm_after({});
  EXPECT_TRUE(test::run_until(loop_, [&] { return content() == "late"; })) << "it is left behind, not stopped";
}

// The file is all that a daemon finds again; what could not be written is owed.
TEST_F(StateFileTest, AWriteThatFailedIsRepeatedUntilItWorks) {
  const std::string away = directory_.path() + ".away";
  std::filesystem::rename(directory_.path(), away);
  testing::internal::CaptureStderr();
  file_.changed();
  ASSERT_TRUE(written(2));
  std::filesystem::rename(away, directory_.path());
  EXPECT_TRUE(test::run_until(loop_, [&] { return std::filesystem::exists(directory_ / "state"); }));
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << "one failure, one recovery: " << said;
  const int texts = texts_;
  file_.flush();
  EXPECT_EQ(texts_, texts) << "nothing is owed any more";
}

}  // namespace
}  // namespace stas
