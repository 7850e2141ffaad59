// SPDX-License-Identifier: Apache-2.0
//
// The addresses of one host name, raced: when each is tried (in simulated time), and who wins (on loopback).
#include "libstas/sys/net/address_race.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sys/kernel_listener.h"
#include "tests/unit/sys/kernel_loop.h"

namespace stas {
namespace {

using std::chrono::milliseconds;
using test::DeafListener;
using test::Listener;
using test::run_until;

// What becomes of attempt i, so long after its start; nullopt: nothing.
struct Fate {
  std::optional<int> fails_after;
};

// "0@0 1@250": when each was started, in milliseconds, and when all were lost.
std::string starts(const std::vector<Fate>& fates) {
  const Instant begin{std::chrono::hours(1)};
  RaceSchedule schedule(fates.size(), begin);
  std::multimap<Instant, std::size_t> failures;
  std::string text;
  const auto note = [&](const std::string& what, Instant at) {
    text += (text.empty() ? "" : " ") + what + "@" +
            std::to_string(std::chrono::duration_cast<milliseconds>(at - begin).count());
  };
  for (Instant now = begin; now != kNever;) {
    for (; !failures.empty() && failures.begin()->first <= now; failures.erase(failures.begin())) schedule.failed(now);
    while (const auto attempt = schedule.start(now)) {
      note(std::to_string(*attempt), now);
      if (const auto after = fates.at(*attempt).fails_after) failures.emplace(now + milliseconds(*after), *attempt);
    }
    if (schedule.lost()) {
      note("lost", now);
      break;
    }
    now = std::min(schedule.deadline(), failures.empty() ? kNever : failures.begin()->first);
  }
  return text;
}

TEST(RaceSchedule, TheNextIsTriedBesideAfterTheDelayOrAtOnceAfterAFailure) {
  const Fate silent{};
  const auto fails = [](int after) { return Fate{after}; };
  struct Case {
    const char* name;
    std::vector<Fate> fates;
    std::string expect;
  };
  const std::vector<Case> cases = {
      {"all silent", {silent, silent, silent}, "0@0 1@250 2@500"},
      {"the first is refused", {fails(10), silent}, "0@0 1@10"},
      {"the first fails after the second has begun: the third at once",
       {fails(300), silent, silent},
       "0@0 1@250 2@300"},
      {"all refused", {fails(1), fails(1), fails(1)}, "0@0 1@1 2@2 lost@3"},
      {"the delay counts from the latest start", {fails(200), silent, silent}, "0@0 1@200 2@450"},
      {"all time out", {fails(3000), fails(3000)}, "0@0 1@250 lost@3250"},
      {"one address alone", {fails(3000)}, "0@0 lost@3000"},
  };
  for (const auto& c : cases) EXPECT_EQ(starts(c.fates), c.expect) << c.name;
}

class AddressRaceTest : public ::testing::Test {
 protected:
  AddressRace::Outcome run(Prober& prober, std::vector<TcpEndpoint> targets) {
    std::optional<AddressRace::Outcome> outcome;
    std::unique_ptr<AddressRace> race;
    race = std::make_unique<AddressRace>(loop_, prober, std::move(targets), [&](const AddressRace::Outcome& said) {
      outcome = said;
      race.reset();
    });
    EXPECT_FALSE(outcome) << "called from inside the constructor";
    EXPECT_TRUE(run_until(loop_, [&] { return outcome.has_value(); }));
    return outcome.value_or(AddressRace::Outcome{});
  }
  static TcpEndpoint v4(std::uint16_t port) { return {*IpAddress::parse("127.0.0.1"), port, "", ""}; }
  Loop loop_;
};

TEST_F(AddressRaceTest, ASilentIpv4AddressCostsAQuarterOfASecond) {
  Listener six(loop_, test::icresp(), test::After::keep_open, "::1");
  if (!six.is_bound()) GTEST_SKIP() << "no IPv6 here";
  DeafListener four(six.number());
  ASSERT_TRUE(four.is_bound());
  Prober prober(loop_, {.deadline = std::chrono::seconds(30)});
  const auto begin = loop_.now();
  const auto outcome = run(prober, {v4(six.number()), six.target()});
  EXPECT_EQ(outcome.winner, 1U);
  EXPECT_FALSE(outcome.errors[0]) << "it is only slow";
  EXPECT_GE(loop_.now() - begin, kAttemptDelay);
  EXPECT_LT(loop_.now() - begin, std::chrono::seconds(10)) << "not the deadline of the silent one";
  EXPECT_TRUE(run_until(loop_, [&] { return prober.running() == 0; })) << "the loser is let go";
  EXPECT_TRUE(prober.is_fresh(six.target()));
}

TEST_F(AddressRaceTest, AnIpv4AddressThatAnswersIsAloneAsked) {
  Listener six(loop_, test::icresp(), test::After::keep_open, "::1");
  if (!six.is_bound()) GTEST_SKIP() << "no IPv6 here";
  Listener four(loop_, test::icresp(), test::After::keep_open, "127.0.0.1", six.number());
  ASSERT_TRUE(four.is_bound());
  Prober prober(loop_);
  const auto outcome = run(prober, {four.target(), six.target()});
  EXPECT_EQ(outcome.winner, 0U);
  EXPECT_EQ(six.accepted(), 0U);
}

TEST_F(AddressRaceTest, ARefusalStartsTheNextAtOnce) {
  test::ClosedPort closed;
  Listener good(loop_, test::icresp());
  Prober prober(loop_);
  const auto begin = loop_.now();
  const auto outcome = run(prober, {v4(closed.number()), v4(closed.number()), good.target()});
  EXPECT_EQ(outcome.winner, 2U);
  ASSERT_TRUE(outcome.errors[0]);
  EXPECT_EQ(outcome.errors[0]->kind, ErrorKind::refused);
  EXPECT_LT(loop_.now() - begin, kAttemptDelay) << "nobody was waited for";
}

TEST_F(AddressRaceTest, WhereNobodyAnswersEachSaysWhy) {
  test::ClosedPort closed;
  Listener mute(loop_, "");
  Prober prober(loop_, {.deadline = milliseconds(60)});
  const auto outcome = run(prober, {mute.target(), v4(closed.number())});
  EXPECT_FALSE(outcome.winner);
  ASSERT_TRUE(outcome.errors[0] && outcome.errors[1]);
  EXPECT_EQ(outcome.errors[0]->kind, ErrorKind::timed_out);
  EXPECT_EQ(outcome.errors[1]->kind, ErrorKind::refused);
}

TEST_F(AddressRaceTest, WhoGoesTakesOnlyItsOwnQuestionsAlong) {
  Listener mute(loop_, "");
  Prober prober(loop_, {.deadline = milliseconds(80)});
  std::optional<Result<void>> answer;
  {
    const AddressRace race(loop_, prober, {mute.target()}, [](const AddressRace::Outcome&) { FAIL(); });
    prober.probe(mute.target(), [&](Result<void> result) { answer = std::move(result); });
    ASSERT_TRUE(run_until(loop_, [&] { return mute.accepted() == 1; }));
  }
  EXPECT_EQ(prober.running(), 1U) << "somebody else asked the same";
  EXPECT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
  const auto ticket = prober.probe(mute.target(), [](Result<void>) { FAIL(); });
  ASSERT_TRUE(run_until(loop_, [&] { return prober.running() == 1; }));
  prober.withdraw(mute.target(), ticket);
  EXPECT_EQ(prober.running(), 0U);
  prober.withdraw(mute.target(), ticket);
}

}  // namespace
}  // namespace stas
