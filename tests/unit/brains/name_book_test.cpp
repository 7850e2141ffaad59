// SPDX-License-Identifier: Apache-2.0
//
// Host names and their addresses: when they are looked up, and that no answer takes a good address away
// (regressions 31).
#include "libstas/core/brain/name_book.h"

#include <gtest/gtest.h>

namespace stas {
namespace {

using std::chrono::seconds;

class NameBookTest : public testing::Test {
 protected:
  // The names that are looked up now.
  std::string asked() {
    Actions out;
    book_.advance(now_, out);
    std::string text;
    for (const auto& action : out) text += std::get<Resolve>(action).name + " ";
    return text;
  }
  // The address in use after the answer.
  std::string answer(std::vector<std::string> addresses) {
    std::vector<IpAddress> list;
    for (const auto& text : addresses) list.push_back(*IpAddress::parse(text));
    return take({"a", list});
  }
  std::string failure() { return take({"a", fail(ErrorKind::not_found, "no such name")}); }
  std::string take(const Resolved& resolved) {
    changed_ = book_.answered(
        resolved, families_, now_, [&](const std::string&) { return connected_; }, reports_);
    return book_.address("a").value_or("-");
  }

  NameBook book_;
  Instant now_{seconds(1000)};
  IpFamilies families_;
  bool connected_ = false;
  bool changed_ = false;
  Actions reports_;
};

TEST_F(NameBookTest, ANameIsLookedUpOnceAndAgainWhenWanted) {
  book_.set_names({"a"});
  EXPECT_EQ(asked(), "a ");
  EXPECT_EQ(asked(), "") << "one is outstanding";
  EXPECT_EQ(answer({"10.0.0.1"}), "10.0.0.1");
  EXPECT_TRUE(changed_);
  EXPECT_EQ(asked(), "");
  EXPECT_EQ(book_.deadline(), kNever);
  book_.set_names({"a", "b"});
  EXPECT_EQ(asked(), "a b ");
  book_.set_names({"b"});
  EXPECT_FALSE(book_.address("a")) << "nobody wants it any more";
}

TEST_F(NameBookTest, OnlyOneLookUpOfANameIsOutstanding) {
  book_.set_names({"a"});
  EXPECT_EQ(asked(), "a ");
  book_.set_names({"a"});
  EXPECT_EQ(asked(), "");
  EXPECT_EQ(book_.deadline(), kNever);
  EXPECT_EQ(answer({"10.0.0.1"}), "10.0.0.1");
  EXPECT_EQ(asked(), "") << "its answer is fresh enough";
}

TEST_F(NameBookTest, TheNextAddressIsTriedWhenOneDoesNotAnswer) {
  book_.set_names({"a"});
  asked();
  EXPECT_EQ(answer({"10.0.0.1", "10.0.0.2", "10.0.0.3"}), "10.0.0.1");
  EXPECT_FALSE(book_.failed("10.0.0.9", now_)) << "not its address";
  std::string tried;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(book_.failed(*book_.address("a"), now_));
    tried += *book_.address("a") + " ";
  }
  EXPECT_EQ(tried, "10.0.0.2 10.0.0.3 10.0.0.1 ");
  EXPECT_FALSE(book_.failed("10.0.0.1", now_)) << "a whole round failed: not again at once";
  book_.reached("", "10.0.0.1");
  EXPECT_FALSE(book_.failed("10.0.0.1", now_)) << "somebody else is connected there, who has no such name";
  EXPECT_TRUE(book_.has_failed("10.0.0.1"));
  EXPECT_TRUE(book_.failed("10.0.0.1", now_ + seconds(4)));
  book_.reached("a", "10.0.0.2");
  EXPECT_TRUE(book_.failed("10.0.0.2", now_)) << "it answered in between: no round to wait for";
}

// IPv4 first, then the families by turns (RFC 8305, clause 4).
TEST_F(NameBookTest, TheFamiliesTakeTurns) {
  book_.set_names({"a"});
  answer({"fd00::1", "fd00::2", "10.0.0.1", "10.0.0.2", "fd00::3", "10.0.0.3", "fd00::4"});
  EXPECT_EQ(book_.addresses("a"),
            (std::vector<std::string>{"10.0.0.1", "fd00::1", "10.0.0.2", "fd00::2", "10.0.0.3", "fd00::3", "fd00::4"}));
  answer({"fd00::2", "fd00::1"});
  EXPECT_EQ(book_.addresses("a"), (std::vector<std::string>{"fd00::2", "fd00::1"}));
}

TEST_F(NameBookTest, WhatIsLeftOfTheRoundIsRaced) {
  const auto raced = [&] {
    std::string text;
    for (const auto& other : book_.others("a", *book_.address("a"))) text += other.to_string() + " ";
    return text;
  };
  book_.set_names({"a"});
  answer({"10.0.0.1", "fd00::1", "10.0.0.2"});
  EXPECT_EQ(raced(), "fd00::1 10.0.0.2 ");
  EXPECT_EQ(book_.others("a", "10.0.0.2"), std::vector<IpAddress>()) << "not the one in use";
  EXPECT_EQ(book_.others("b", "10.0.0.1"), std::vector<IpAddress>());
  book_.failed("10.0.0.1", now_);
  EXPECT_EQ(raced(), "10.0.0.2 ");
  book_.failed("fd00::1", now_);
  EXPECT_EQ(raced(), "") << "the last of the round has nobody beside it";
  book_.failed("10.0.0.2", now_);
  EXPECT_EQ(raced(), "fd00::1 10.0.0.2 ") << "the next round";
  std::vector<std::string> many;
  for (int i = 1; i < 64; ++i) many.push_back("10.0.0." + std::to_string(i));
  answer(many);
  EXPECT_EQ(book_.others("a", "10.0.0.1").size(), kMaxRaced - 1);
}

TEST_F(NameBookTest, WhatAnswersFirstIsUsedAndTheSlowerKeepsItsTurn) {
  const auto ip = [](const char* text) { return *IpAddress::parse(text); };
  book_.set_names({"a"});
  asked();
  answer({"10.0.0.1", "fd00::1", "10.0.0.2"});
  EXPECT_FALSE(book_.outrun("a", "fd00::1", ip("10.0.0.2"), now_)) << "another is in use meanwhile";
  EXPECT_FALSE(book_.outrun("a", "10.0.0.1", ip("10.0.0.9"), now_)) << "it is none of its addresses any more";
  EXPECT_FALSE(book_.outrun("b", "10.0.0.1", ip("10.0.0.2"), now_));
  EXPECT_EQ(asked(), "");
  EXPECT_TRUE(book_.outrun("a", "10.0.0.1", ip("10.0.0.2"), now_));
  EXPECT_EQ(book_.address("a"), "10.0.0.2");
  EXPECT_EQ(asked(), "a ") << "the one that does not answer may have moved";
  EXPECT_EQ(book_.not_before("a"), Instant()) << "at once";
  book_.failed("10.0.0.2", now_);
  EXPECT_EQ(book_.address("a"), "fd00::1") << "it was not refused, only slower";
  book_.failed("fd00::1", now_);
  EXPECT_EQ(book_.address("a"), "10.0.0.1");
  EXPECT_GT(book_.not_before("a"), now_) << "the round is over";
  book_.outrun("a", "10.0.0.1", ip("fd00::1"), now_);
  book_.reached("a", "fd00::1");
  EXPECT_EQ(book_.last_good().at("a").front(), "fd00::1") << "it is tried first from now on";
  EXPECT_EQ(book_.others("a", "fd00::1").size(), 2U);
}

TEST_F(NameBookTest, AFailureIsRepeatedWithBackoffAndToldOnce) {
  book_.set_names({"a"});
  asked();
  EXPECT_EQ(failure(), "-");
  EXPECT_FALSE(changed_);
  EXPECT_EQ(asked(), "");
  EXPECT_NEAR(std::chrono::duration<double>(book_.deadline() - now_).count(), 5, 0.5);
  now_ = book_.deadline();
  EXPECT_EQ(asked(), "a ");
  failure();
  EXPECT_NEAR(std::chrono::duration<double>(book_.deadline() - now_).count(), 10, 1);
  ASSERT_EQ(reports_.size(), 2U);
  EXPECT_EQ(std::get<Report>(reports_[0]).level, Level::error);
  EXPECT_EQ(std::get<Report>(reports_[1]).level, Level::debug);
  now_ = book_.deadline();
  asked();
  answer({"10.0.0.1"});
  EXPECT_EQ(std::get<Report>(reports_[2]).text, "a resolves again");
}

TEST_F(NameBookTest, AHintIsATryAtOnceButNotAStorm) {
  book_.set_names({"a"});
  asked();
  for (int i = 0; i < 5; ++i) {
    failure();
    now_ = book_.deadline();
    EXPECT_EQ(asked(), "a ");
  }
  failure();
  now_ += seconds(20);
  book_.hint(now_);
  EXPECT_EQ(asked(), "a ");
  failure();
  for (int i = 0; i < 10; ++i) book_.hint(now_ += std::chrono::milliseconds(200));
  EXPECT_EQ(asked(), "");
  now_ += seconds(1);
  EXPECT_EQ(asked(), "a ");
  std::size_t errors = 0;
  for (const auto& report : reports_) errors += std::get<Report>(report).level == Level::error ? 1 : 0;
  EXPECT_EQ(errors, 1U) << "a hint does not make a failure news";
  answer({"10.0.0.1"});
  book_.hint(now_ + seconds(60));
  EXPECT_EQ(asked(), "") << "it resolves";
}

TEST_F(NameBookTest, NoAnswerTakesAnAddressAway) {
  book_.set_names({"a"});
  asked();
  answer({"10.0.0.1", "10.0.0.2"});
  EXPECT_EQ(failure(), "10.0.0.1");
  EXPECT_EQ(answer({}), "10.0.0.1");
  EXPECT_EQ(answer({"10.0.0.2", "10.0.0.1"}), "10.0.0.1") << "a rotation is no change";
  connected_ = true;
  EXPECT_EQ(answer({"10.0.0.3"}), "10.0.0.1") << "somebody is connected to it";
  EXPECT_FALSE(changed_);
  connected_ = false;
  EXPECT_EQ(answer({"10.0.0.3"}), "10.0.0.3");
  EXPECT_TRUE(changed_);
}

TEST_F(NameBookTest, EnabledFamiliesCountIpv4First) {
  book_.set_names({"a"});
  EXPECT_EQ(answer({"fd00::1", "10.0.0.1"}), "10.0.0.1");
  families_ = {false, true};
  connected_ = true;
  EXPECT_EQ(answer({"fd00::1", "10.0.0.1"}), "fd00::1") << "a connection of a disabled family keeps nothing";
  families_ = {true, false};
  EXPECT_EQ(answer({"fd00::1"}), "fd00::1") << "no address of an enabled family is no answer";
}

TEST_F(NameBookTest, WhatWasSavedCountsUntilThereIsBetter) {
  book_.restore({{"a", {"10.0.0.1"}}, {"other", {"10.0.0.2"}}});
  book_.set_names({"a"});
  EXPECT_EQ(book_.address("a"), "10.0.0.1");
  EXPECT_EQ(asked(), "a ");
  EXPECT_EQ(failure(), "10.0.0.1");
  EXPECT_EQ(book_.last_good(), (std::map<std::string, std::vector<std::string>>{{"a", {"10.0.0.1"}}}));
}

TEST_F(NameBookTest, AllAddressesAreSavedTheOneInUseFirst) {
  book_.set_names({"a"});
  answer({"10.0.0.1", "10.0.0.2"});
  book_.failed("10.0.0.1", now_);
  const std::map<std::string, std::vector<std::string>> saved{{"a", {"10.0.0.2", "10.0.0.1"}}};
  EXPECT_EQ(book_.last_good(), saved);
  NameBook later;
  later.restore(saved);
  later.set_names({"a"});
  EXPECT_EQ(later.address("a"), "10.0.0.2");
  EXPECT_EQ(later.addresses("a"), saved.at("a"));
}

TEST_F(NameBookTest, ADeadAddressIsAskedForAgain) {
  book_.set_names({"a"});
  asked();
  book_.failed("10.0.0.1", now_);
  EXPECT_EQ(asked(), "") << "one is outstanding";
  answer({"10.0.0.1"});
  book_.failed("10.0.0.1", now_);
  EXPECT_EQ(asked(), "a ");
  EXPECT_FALSE(book_.failed("", now_));
  EXPECT_EQ(asked(), "");
}

TEST_F(NameBookTest, AnswersToUnknownNamesAreIgnored) {
  EXPECT_EQ(answer({"10.0.0.1"}), "-");
  EXPECT_FALSE(changed_);
  EXPECT_TRUE(reports_.empty());
}

}  // namespace
}  // namespace stas
