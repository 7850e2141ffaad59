// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/loop.h"

#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/unit/sys/loop_helper.h"
#include "tests/unit/sys/no_descriptors.h"

namespace stas {
namespace {

using test::run_until;

TEST(Loop, ATimerFiresOnceAndNotBeforeItsTime) {
  Loop loop;
  int fired = 0;
  auto timer = loop.timer([&] { ++fired; });
  loop.run_once(Duration::zero());
  EXPECT_EQ(fired, 0);
  const Instant at = loop.now() + std::chrono::milliseconds(5);
  timer.arm(at);
  ASSERT_TRUE(run_until(loop, [&] { return fired == 1; }));
  EXPECT_GE(loop.now(), at);
  loop.run_once(std::chrono::milliseconds(2));
  EXPECT_EQ(fired, 1);
}

TEST(Loop, ATimerMayBeArmedInItsCallbackAndDisarmed) {
  Loop loop;
  int fired = 0;
  TimerSource timer;
  timer = loop.timer([&] {
    if (++fired < 3) timer.arm_after(Duration::zero());
  });
  timer.arm_after(Duration::zero());
  ASSERT_TRUE(run_until(loop, [&] { return fired == 3; }));
  timer.arm_after(Duration::zero());
  timer.arm(kNever);
  loop.run_once(Duration::zero());
  EXPECT_EQ(fired, 3);
}

TEST(Loop, AHandleMayDieInItsOwnCallback) {
  Loop loop;
  const auto witness = std::make_shared<int>(0);
  std::optional<TimerSource> timer;
  timer = loop.timer([&timer, witness] {
    timer.reset();
    ++*witness;  // the callback still owns what it captured
  });
  timer->arm_after(Duration::zero());
  ASSERT_TRUE(run_until(loop, [&] { return *witness == 1; }));
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Loop, ADestroyedHandleIsSilent) {
  Loop loop;
  auto timer = std::make_unique<TimerSource>(loop.timer([] { ADD_FAILURE() << "called"; }));
  timer->arm_after(Duration::zero());
  timer.reset();
  auto owed = std::make_unique<OnceSource>(loop.once([] { ADD_FAILURE() << "called"; }));
  owed->arm();
  owed.reset();
  loop.run_once(Duration::zero());
}

TEST(Loop, AnOwedCallIsMadeOnceHoweverOftenItWasAskedFor) {
  Loop loop;
  int calls = 0;
  auto owed = loop.once([&] { ++calls; });
  loop.run_once(Duration::zero());
  EXPECT_EQ(calls, 0) << "not asked for";
  owed.arm();
  owed.arm();
  EXPECT_EQ(calls, 0) << "never from inside arm()";
  ASSERT_TRUE(run_until(loop, [&] { return calls > 0; }));
  loop.run_once(Duration::zero());
  EXPECT_EQ(calls, 1);
}

TEST(Loop, AnOwedCallMayAskForAnother) {
  Loop loop;
  int calls = 0;
  OnceSource owed;
  owed = loop.once([&] {
    if (++calls < 3) owed.arm();
  });
  owed.arm();
  loop.run_once(Duration::zero());
  EXPECT_EQ(calls, 1) << "in the next iteration, so that others get their turn";
  ASSERT_TRUE(run_until(loop, [&] { return calls == 3; }));
  loop.run_once(Duration::zero());
  EXPECT_EQ(calls, 3);
}

// sd-event takes what has been waiting longest, and one of its deferred calls waits from the moment it was made.
TEST(Loop, AnOwedCallThatKeepsAskingForAnotherKeepsNobodyFromHisTurn) {
  constexpr int kTurns = 100;  // iterations, one call each
  Loop loop;
  int others = 0;
  OnceSource busy;
  busy = loop.once([&] { busy.arm(); });
  auto late = loop.once([&] { ++others; });
  auto timer = loop.timer([&] { ++others; });
  busy.arm();
  loop.run_once(Duration::zero());
  late.arm();
  timer.arm_after(Duration::zero());
  loop.post([&] { ++others; });
  for (int i = 0; i < kTurns && others < 3; ++i) loop.run_once(Duration::zero());
  EXPECT_EQ(others, 3);
}

TEST(Loop, AnOwedCallComesAfterWhatIsAlreadyQueued) {
  constexpr int kQueued = 5;
  Loop loop;
  std::string order;
  auto late = loop.once([&] { order += 'l'; });
  std::vector<OnceSource> queued;
  for (int i = 0; i < kQueued; ++i) queued.push_back(loop.once([&] { order += 'q'; }));
  auto first = loop.once([&] { late.arm(); });
  first.arm();
  for (auto& call : queued) call.arm();
  ASSERT_TRUE(run_until(loop, [&] { return order.size() == kQueued + 1; }));
  EXPECT_EQ(order, "qqqqql");
}

TEST(Loop, AnOwedCallMayDestroyItsHandle) {
  Loop loop;
  const auto witness = std::make_shared<int>(0);
  std::optional<OnceSource> owed;
  owed = loop.once([&owed, witness] {
    owed.reset();
    ++*witness;
  });
  owed->arm();
  ASSERT_TRUE(run_until(loop, [&] { return *witness == 1; }));
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Loop, WatchesADescriptorForWhatIsAsked) {
  Loop loop;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  std::string got;
  auto source = loop.watch(ends[0], EPOLLIN,
                           [&](std::uint32_t revents) {
                             if ((revents & EPOLLIN) == 0) return;
                             char c = 0;
                             if (read(ends[0], &c, 1) == 1) got += c;
                           })
                    .value();
  ASSERT_EQ(write(ends[1], "ab", 2), 2);
  ASSERT_TRUE(run_until(loop, [&] { return got == "ab"; }));
  source.set_events(0);
  ASSERT_EQ(write(ends[1], "c", 1), 1);
  loop.run_once(Duration::zero());
  EXPECT_EQ(got, "ab");
  source = {};
  close(ends[0]);
  close(ends[1]);
}

TEST(Loop, PostRunsOnTheLoopsThreadInOrder) {
  Loop loop;
  std::string order;
  const auto here = std::this_thread::get_id();
  std::thread other([&] {
    for (const char c : {'a', 'b', 'c'}) {
      loop.post([&order, c, here] {
        EXPECT_EQ(std::this_thread::get_id(), here);
        order += c;
      });
    }
  });
  EXPECT_TRUE(run_until(loop, [&] { return order.size() == 3; }));
  other.join();
  EXPECT_EQ(order, "abc");
}

TEST(Loop, DeliversASignal) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  {
    Loop loop;
    int hups = 0;
    auto source = loop.signal(SIGHUP, [&] { ++hups; });
    ASSERT_EQ(raise(SIGHUP), 0);
    EXPECT_TRUE(run_until(loop, [&] { return hups == 1; }));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(Loop, QuitEndsRunWithItsCode) {
  Loop loop;
  auto source = loop.once([&loop] { loop.quit(3); });
  source.arm();
  EXPECT_EQ(loop.run(), 3);
  source.arm();  // after the end: nothing, but no harm either
  EXPECT_FALSE(loop.run_once(Duration::zero()));
}

TEST(Loop, NeedsNoFurtherDescriptorForTimersAndOrdersAndSaysWhatCannotBeWatched) {
  Loop loop;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const test::NoDescriptors none;
  int fired = 0;
  auto timer = loop.timer([&] { ++fired; });
  timer.arm_after(Duration::zero());
  auto owed = loop.once([&] { ++fired; });
  owed.arm();
  EXPECT_TRUE(run_until(loop, [&] { return fired == 2; }));
  EXPECT_TRUE(loop.watch(ends[0], EPOLLIN, [](std::uint32_t) {}));
  EXPECT_FALSE(loop.watch(-1, EPOLLIN, [](std::uint32_t) {}));
  close(ends[0]);
  close(ends[1]);
}

TEST(LoopDeathTest, WithoutDescriptorsItEndsTheProcessWithStatus1AndALine) {
  EXPECT_EXIT(
      {
        const test::NoDescriptors none;
        const Loop loop;
      },
      ::testing::ExitedWithCode(1), "^Fatal error: event loop: [^\n]*: Too many open files\n$");
}

}  // namespace
}  // namespace stas
