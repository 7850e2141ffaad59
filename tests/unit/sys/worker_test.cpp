// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/worker.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sys/loop_helper.h"

namespace stas {
namespace {

using test::run_until;

// Jobs wait here until the test lets them go.
class Gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --inside_;
    changed_.notify_all();
  }
  bool wait_for_inside(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, test::kPatience, [&] { return inside_ >= count; });
  }
  int inside() {
    const std::lock_guard lock(mutex_);
    return inside_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};

TEST(Worker, RunsTheJobOnAThreadAndTheCompletionOnTheLoop) {
  Loop loop;
  Worker worker(loop);
  const auto here = std::this_thread::get_id();
  std::thread::id job;
  std::thread::id completion;
  ASSERT_TRUE(worker.submit("a", [&] {
    job = std::this_thread::get_id();
    return [&] { completion = std::this_thread::get_id(); };
  }));
  EXPECT_EQ(worker.pending(), 1U);
  ASSERT_TRUE(run_until(loop, [&] { return worker.pending() == 0; }));
  EXPECT_NE(job, here);
  EXPECT_EQ(completion, here);
}

TEST(Worker, AcceptsAnEmptyCompletion) {
  Loop loop;
  Worker worker(loop);
  ASSERT_TRUE(worker.submit("a", [] { return Worker::Completion(); }));
  EXPECT_TRUE(run_until(loop, [&] { return worker.pending() == 0; }));
}

TEST(Worker, OneKeyIsFirstInFirstOut) {
  Loop loop;
  Worker worker(loop);
  std::vector<int> order;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(worker.submit("a", [&order, i] { return [&order, i] { order.push_back(i); }; }));
  }
  ASSERT_TRUE(run_until(loop, [&] { return order.size() == 50; }));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Worker, AStuckKeyTakesOnlyItsShareOfThreads) {
  for (const std::size_t per_key : {1U, 2U}) {
    Loop loop;
    Gate gate;
    Worker worker(loop, {.threads = 3, .per_key = per_key});
    int dead = 0;
    int alive = 0;
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(worker.submit("dead", [&] {
        gate.wait();
        return [&] { ++dead; };
      }));
    }
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(worker.submit("alive", [&] { return [&] { ++alive; }; }));
    EXPECT_TRUE(run_until(loop, [&] { return alive == 10; }));
    EXPECT_TRUE(gate.wait_for_inside(static_cast<int>(per_key)));
    EXPECT_EQ(gate.inside(), static_cast<int>(per_key));
    EXPECT_EQ(dead, 0);
    gate.open();
    EXPECT_TRUE(run_until(loop, [&] { return dead == 10; }));
  }
}

TEST(Worker, NeverRunsMoreJobsThanThreads) {
  Loop loop;
  Gate gate;
  Worker worker(loop, {.threads = 4});
  int done = 0;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(worker.submit("key" + std::to_string(i), [&] {
      most = std::max<int>(most, ++running);
      gate.wait();
      --running;
      return [&] { ++done; };
    }));
  }
  EXPECT_TRUE(gate.wait_for_inside(4));
  gate.open();
  EXPECT_TRUE(run_until(loop, [&] { return done == 20; }));
  EXPECT_LE(most, 4);
}

TEST(Worker, RefusesMoreThanItsQueueHolds) {
  Loop loop;
  Gate gate;
  Worker worker(loop, {.threads = 1, .per_key = 1, .queued = 2});
  const auto job = [&] {
    gate.wait();
    return Worker::Completion();
  };
  ASSERT_TRUE(worker.submit("a", job));
  ASSERT_TRUE(gate.wait_for_inside(1));
  EXPECT_TRUE(worker.submit("a", job));
  EXPECT_TRUE(worker.submit("b", job));
  EXPECT_FALSE(worker.submit("c", job));
  EXPECT_EQ(worker.pending(), 3U);
  gate.open();
  EXPECT_TRUE(run_until(loop, [&] { return worker.pending() == 0; }));
}

TEST(Worker, StopForgetsWhatWaitsAndRunsNothingAfterwards) {
  Loop loop;
  Gate gate;
  int completions = 0;
  std::atomic<int> started = 0;
  Worker worker(loop, {.threads = 1});
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(worker.submit("a", [&] {
      ++started;
      gate.wait();
      return [&] { ++completions; };
    }));
  }
  ASSERT_TRUE(gate.wait_for_inside(1));
  EXPECT_FALSE(worker.stop(Duration::zero()));  // one is stuck
  EXPECT_FALSE(worker.submit("a", [] { return Worker::Completion(); }));
  EXPECT_EQ(worker.pending(), 0U);
  gate.open();
  EXPECT_TRUE(worker.stop(test::kPatience));
  loop.run_once(Duration::zero());
  EXPECT_EQ(completions, 0);
  EXPECT_EQ(started, 1);
}

TEST(Worker, ACompletionThatIsAlreadyPostedDoesNotRunAfterStop) {
  Loop loop;
  bool completed = false;
  auto worker = std::make_unique<Worker>(loop, WorkerLimits{.threads = 1});
  std::atomic<bool> second = false;
  ASSERT_TRUE(worker->submit("a", [&] { return [&] { completed = true; }; }));
  ASSERT_TRUE(worker->submit("a", [&] {
    second = true;  // the first completion was posted before
    second.notify_all();
    return Worker::Completion();
  }));
  second.wait(false);
  worker.reset();
  loop.run_once(Duration::zero());
  EXPECT_FALSE(completed);
}

TEST(Worker, AThreadStuckBeyondTheEndHarmsNobody) {
  auto gate = std::make_shared<Gate>();
  auto left = std::make_shared<std::atomic<bool>>(false);
  {
    Loop loop;
    Worker worker(loop);
    ASSERT_TRUE(worker.submit("a", [gate, left] {
      gate->wait();
      *left = true;
      left->notify_all();
      return [] { ADD_FAILURE() << "ran without a loop"; };
    }));
    ASSERT_TRUE(gate->wait_for_inside(1));
    EXPECT_FALSE(worker.stop(Duration::zero()));
  }
  gate->open();
  left->wait(false);
}

TEST(Worker, ThreadsTakeNoSignals) {
  Loop loop;
  Worker worker(loop);
  bool blocked = false;
  ASSERT_TRUE(worker.submit("a", [&blocked] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    const bool term = sigismember(&mask, SIGTERM) == 1;
    return [&blocked, term] { blocked = term; };
  }));
  ASSERT_TRUE(run_until(loop, [&] { return worker.pending() == 0; }));
  EXPECT_TRUE(blocked);
}

TEST(Worker, ACompletionMaySubmitAgain) {
  Loop loop;
  Worker worker(loop);
  int rounds = 0;
  std::function<void()> submit = [&] {
    ASSERT_TRUE(worker.submit("a", [&] {
      return [&] {
        if (++rounds < 10) submit();
      };
    }));
  };
  submit();
  EXPECT_TRUE(run_until(loop, [&] { return rounds == 10; }));
}

}  // namespace
}  // namespace stas
