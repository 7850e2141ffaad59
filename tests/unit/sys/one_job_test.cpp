// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/one_job.h"

#include <future>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "tests/unit/sys/loop_helper.h"

namespace stas {
namespace {

class OneJobTest : public ::testing::Test {
 protected:
  // A job that runs until `disk_` is ready, then counts.
  OneJob::Job slow() {
    return [this, disk = disk_.get_future().share()]() -> OneJob::Completion {
      disk.wait();
      where_ = std::this_thread::get_id();
      return [this] { ++completed_; };
    };
  }

  Loop loop_;
  std::promise<void> disk_;
  std::thread::id where_;
  int completed_ = 0;
};

TEST_F(OneJobTest, RunsBesideTheLoopAndCompletesOnIt) {
  OneJob job(loop_);
  job.start(slow());
  bool ran = false;
  loop_.post([&] { ran = true; });
  ASSERT_TRUE(test::run_until(loop_, [&] { return ran; }));
  EXPECT_TRUE(job.busy());
  EXPECT_FALSE(job.wait(Duration::zero()));
  disk_.set_value();
  ASSERT_TRUE(test::run_until(loop_, [&] { return completed_ == 1; }));
  EXPECT_FALSE(job.busy());
  EXPECT_NE(where_, std::this_thread::get_id());
}

// The loop still has the message that it ended when the next one is under way.
TEST_F(OneJobTest, WhoWaitsHasTheCompletionOnce) {
  OneJob job(loop_);
  disk_.set_value();
  job.start(slow());
  EXPECT_TRUE(job.wait(test::kPatience));
  EXPECT_EQ(completed_, 1);
  std::promise<void> next;
  job.start([&]() -> OneJob::Completion { return next.get_future().wait(), [this] { ++completed_; }; });
  loop_.run_once(Duration::zero());
  EXPECT_TRUE(job.busy());
  EXPECT_EQ(completed_, 1);
  next.set_value();
  EXPECT_TRUE(job.wait(test::kPatience));
  EXPECT_TRUE(job.wait(Duration::zero())) << "nothing to wait for";
  EXPECT_EQ(completed_, 2);
}

TEST_F(OneJobTest, TheNextOneMayBeginInTheCompletion) {
  OneJob job(loop_);
  job.start([&]() -> OneJob::Completion {
    return [&] {
      disk_.set_value();
      job.start(slow());
    };
  });
  EXPECT_TRUE(test::run_until(loop_, [&] { return completed_ == 1; }));
}

TEST_F(OneJobTest, AJobThatOutlivesItsOwnerCompletesNothing) {
  auto alive = std::make_shared<int>();
  auto job = std::make_unique<OneJob>(loop_);
  std::promise<void> ended;
  job->start([&, slow = slow(), alive]() mutable -> OneJob::Completion {
    auto completion = slow();
    alive.reset();
    ended.set_value();
    return completion;
  });
  job.reset();
  disk_.set_value();
  ended.get_future().wait();
  loop_.run_once(Duration::zero());
  EXPECT_EQ(completed_, 0);
}

}  // namespace
}  // namespace stas
