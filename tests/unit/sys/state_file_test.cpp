// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/state_file.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "libstas/sys/daemon/state_file.h"
#include "tests/unit/sys/loop_helper.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

class StateFileTest : public ::testing::Test {
 protected:
  bool written(int times) {
    return test::run_until(loop_, [&] { return texts_ >= times; });
  }

  Loop loop_;
  test::TemporaryDirectory directory_;
  Journal journal_{"test", Journal::Sink::standard_error};
  int texts_ = 0;
  StateFile file_{loop_, directory_ / "state", journal_, [this] { return std::to_string(++texts_); }};
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

TEST_F(StateFileTest, WhatWaitsIsWrittenAtTheEndAndOnlyThat) {
  file_.flush();
  EXPECT_EQ(texts_, 0) << "nothing waits";
  file_.changed();
  file_.flush();
  EXPECT_EQ(texts_, 1);
  file_.flush();
  EXPECT_EQ(texts_, 1);
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
