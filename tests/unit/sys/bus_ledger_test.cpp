// SPDX-License-Identifier: Apache-2.0
//
// Who may be sent how much on the bus, and how much a value takes there.
#include "libstas/sys/bus/bus_ledger.h"

#include <gtest/gtest.h>

#include "libstas/sys/bus/bus_types.h"

namespace stas {
namespace {

using namespace bus_shim;

constexpr uid_t kAnn = 1000, kBob = 1001, kCid = 1002;

// Sends as much as there is room for; returns how much that was.
std::size_t fill(Ledger& ledger, const std::string& caller) {
  const auto room = ledger.room(caller);
  ledger.add(caller, room);
  return room;
}

TEST(BusLedger, EachUserGetsHalfOfWhatTheOthersLeave) {
  Ledger ledger;
  ledger.identify(":1.1", kAnn);
  ledger.identify(":1.2", kAnn);
  ledger.identify(":1.3", kBob);
  ledger.identify(":1.4", kCid);
  EXPECT_EQ(fill(ledger, ":1.1"), kMaxUnread / 2);
  EXPECT_EQ(ledger.room(":1.2"), 0U) << "another connection of the same user";
  EXPECT_EQ(ledger.room_for_error(":1.2"), kErrorSlack);
  EXPECT_EQ(fill(ledger, ":1.3"), kMaxUnread / 4);
  EXPECT_EQ(fill(ledger, ":1.4"), kMaxUnread / 8);
  EXPECT_LT(ledger.unread(), kMaxUnread);
}

TEST(BusLedger, NoNumberOfUsersTakesMoreThanThereIs) {
  Ledger ledger;
  for (uid_t user = 1; user <= 1000; ++user) {
    const auto caller = ":1." + std::to_string(user);
    ledger.identify(caller, user);
    fill(ledger, caller);
  }
  EXPECT_LE(ledger.unread(), kMaxUnread);
}

TEST(BusLedger, WhoHasMuchIsServedOnceForEachAnswerOfTheBus) {
  Ledger ledger;
  ledger.identify(":1.1", kAnn);
  ledger.served(":1.1", kMaxUnread / 4);
  EXPECT_TRUE(ledger.may_serve(kAnn));
  ledger.served(":1.1", 1);
  EXPECT_FALSE(ledger.may_serve(kAnn)) << "it may have read all of it";
  EXPECT_TRUE(ledger.may_serve(kBob));
  ledger.asked(":1.1");
  ledger.keeps(":1.1", kMaxUnread / 3);
  EXPECT_TRUE(ledger.may_serve(kAnn)) << "and hears that it is too much, if it is";
  ledger.served(":1.1", 100);
  EXPECT_FALSE(ledger.may_serve(kAnn));
  ledger.asked(":1.1");
  ledger.keeps(":1.1", 0);
  ledger.served(":1.1", 100);
  EXPECT_TRUE(ledger.may_serve(kAnn));
}

TEST(BusLedger, WhatTheBusStillKeepsCountsAndWhatWasSentMeanwhile) {
  Ledger ledger;
  ledger.identify(":1.1", kAnn);
  ledger.add(":1.1", kMaxUnread / 2);
  EXPECT_TRUE(ledger.is_pressed());
  EXPECT_EQ(ledger.to_ask(), std::vector<std::string>{":1.1"});
  ledger.asked(":1.1");
  ledger.add(":1.1", 300);
  ledger.keeps(":1.1", 7000);
  EXPECT_EQ(ledger.unread(), 7300U);
  EXPECT_FALSE(ledger.is_pressed());
  EXPECT_FALSE(ledger.is_even(":1.1"));
  ledger.asked(":1.1");
  ledger.keeps(":1.1", 0);
  EXPECT_TRUE(ledger.is_even(":1.1"));
}

// What others sent to it is not ours.
TEST(BusLedger, TheBusCannotKeepMoreOfOursThanWeSent) {
  Ledger ledger;
  ledger.identify(":1.1", kAnn);
  ledger.add(":1.1", 500);
  ledger.asked(":1.1");
  ledger.keeps(":1.1", kMaxUnread);
  EXPECT_EQ(ledger.unread(), 500U);
}

TEST(BusLedger, WhoIsGoneLeavesNothing) {
  Ledger ledger;
  ledger.identify(":1.1", kAnn);
  ledger.identify(":1.2", kAnn);
  fill(ledger, ":1.1");
  ledger.add(":1.2", 10);
  ledger.gone(":1.1");
  EXPECT_EQ(ledger.unread(), 10U);
  ledger.gone(":1.2");
  EXPECT_EQ(ledger.callers(), 0U);
  EXPECT_FALSE(ledger.is_pressed());
}

TEST(BusLedger, ManyShortCallersOfOneUserAreAskedAbout) {
  Ledger ledger;
  for (std::size_t i = 0; i <= kMaxCallersUnasked; ++i) ledger.identify(":1." + std::to_string(i), kAnn);
  EXPECT_TRUE(ledger.is_pressed());
  EXPECT_EQ(ledger.to_ask().size(), kMaxCallersUnasked + 1);
}

TEST(BusLedger, ABusThatDoesNotSayForgivesSlowly) {
  Ledger ledger;
  ledger.identify(":1.1", kAnn);
  fill(ledger, ":1.1");
  ledger.unanswered(":1.1");
  EXPECT_GT(ledger.room(":1.1"), 0U);
  EXPECT_GT(ledger.unread(), kMaxUnread / 2 - (1U << 20));
  for (int i = 0; i < 100'000 && !ledger.is_even(":1.1"); ++i) ledger.unanswered(":1.1");
  EXPECT_TRUE(ledger.is_even(":1.1"));
}

TEST(BusLedger, ACallerIsBoundedBeforeItsUserIsKnownAndCountsForHimAfterwards) {
  Ledger ledger;
  EXPECT_EQ(fill(ledger, ":1.1"), kMaxUnreadUnknown);
  EXPECT_EQ(ledger.room(":1.1"), 0U);
  ledger.identify(":1.1", kAnn);
  EXPECT_EQ(ledger.unread(), kMaxUnreadUnknown);
}

// Numbers of the D-Bus specification: 4 bytes of length and a NUL for a text, pairs at multiples of 8.
TEST(BusValue, SizesAreThoseOnTheWire) {
  EXPECT_EQ(wire_size({}), 0U);
  EXPECT_EQ(wire_size(true), 4U);
  EXPECT_EQ(wire_size(std::string()), 5U);
  EXPECT_EQ(wire_size(std::string(1000, 'x')), 1005U);
  EXPECT_EQ(wire_size(BusDicts{}), 4U);
  EXPECT_EQ(wire_size(BusDicts{{}}), 8U);
  EXPECT_EQ(wire_size(BusDicts{{{"abc", "de"}}}), 8U + 8 + 7);
  EXPECT_EQ(wire_size(BusDicts{{{"abc", "de"}, {"f", ""}}}), 24U + 8 + 5);  // the first pair ends at 23
  EXPECT_EQ(wire_size(BusDicts{{{"abc", "de"}}, {}}), 24U + 4 + 4);
}

}  // namespace
}  // namespace stas
