// SPDX-License-Identifier: Apache-2.0
//
// Backoff: grows, is capped, spreads, replays. And reasons: each has words of its own.
#include "libstas/core/base/backoff.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include "libstas/core/brain/reason.h"

namespace stas {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(Backoff, DoublesUpToTheCap) {
  Backoff backoff({seconds(3), seconds(60), 0.0});
  EXPECT_EQ(backoff.interval(), seconds(3));
  for (int expect : {3, 6, 12, 24, 48, 60, 60, 60}) {
    EXPECT_EQ(backoff.fail(), seconds(expect));
    EXPECT_EQ(backoff.interval(), seconds(expect));
  }
  EXPECT_EQ(backoff.failures(), 8U);
  backoff.reset();
  EXPECT_EQ(backoff.failures(), 0U);
  EXPECT_EQ(backoff.fail(), seconds(3));
}

TEST(Backoff, NeverOverflows) {
  Backoff huge({hours(1), Duration::max(), 0.0});
  Duration last{};
  for (int i = 0; i < 10000; ++i) {
    const Duration delay = huge.fail();
    ASSERT_GE(delay, last);
    last = delay;
  }
  EXPECT_EQ(last, Duration::max());
  Backoff first_beyond_cap({seconds(90), seconds(60), 0.0});
  EXPECT_EQ(first_beyond_cap.fail(), seconds(60));
  Backoff zero({Duration::zero(), seconds(60), 0.5});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(zero.fail(), Duration::zero());
}

TEST(Backoff, JitterStaysInItsShareAndReplays) {
  std::set<Duration> firsts;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Backoff one({seconds(10), seconds(60), 0.1}, seed), two({seconds(10), seconds(60), 0.1}, seed);
    for (int i = 0; i < 5; ++i) {
      const Duration delay = one.fail();
      EXPECT_EQ(delay, two.fail());
      EXPECT_GE(delay, one.interval() * 9 / 10);
      EXPECT_LE(delay, one.interval() * 11 / 10);
      if (i == 0) firsts.insert(delay);
    }
  }
  EXPECT_GT(firsts.size(), 990U) << "controllers that failed together would retry together";
  EXPECT_LT(*firsts.begin(), std::chrono::milliseconds(9100));
  EXPECT_GT(*firsts.rbegin(), std::chrono::milliseconds(10900));
}

TEST(Reason, EachHasWordsOfItsOwn) {
  std::set<std::string_view> texts;
  const auto last = static_cast<unsigned>(Reason::stopping);
  for (unsigned i = 0; i <= last; ++i) texts.insert(to_text(static_cast<Reason>(i)));
  EXPECT_EQ(texts.size(), last + 1);
  EXPECT_EQ(to_text(Reason::none), "");
}

}  // namespace
}  // namespace stas
