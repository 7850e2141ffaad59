// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/user/connect_gate.h"

#include <vector>

#include <gtest/gtest.h>

namespace stas {
namespace {

using Ids = std::vector<ConnectGate::Id>;

TEST(ConnectGate, OneAddressGetsItsShareOnly) {
  ConnectGate gate(10, 2);
  for (ConnectGate::Id id = 1; id <= 5; ++id) gate.enter(id, "dead");
  gate.enter(6, "alive");
  EXPECT_EQ(gate.take_started(), (Ids{1, 6, 2}));
  gate.leave(2);
  EXPECT_EQ(gate.take_started(), Ids{3});
}

TEST(ConnectGate, OverallBoundHoldsAndAddressesTakeTurns) {
  ConnectGate gate(2, 2);
  gate.enter(1, "a");
  gate.enter(2, "a");
  gate.enter(3, "b");
  EXPECT_EQ(gate.take_started(), (Ids{1, 3}));
  EXPECT_EQ(gate.running(), 2U);
  gate.leave(3);
  EXPECT_EQ(gate.take_started(), Ids{2});
  EXPECT_TRUE(gate.take_started().empty());
}

TEST(ConnectGate, LeavingWhileWaitingGivesNoTurn) {
  ConnectGate gate(1, 1);
  gate.enter(1, "a");
  gate.enter(2, "a");
  gate.enter(3, "b");
  EXPECT_EQ(gate.take_started(), Ids{1});
  gate.leave(2);
  gate.leave(3);
  gate.leave(99);
  gate.leave(1);
  EXPECT_TRUE(gate.take_started().empty());
  EXPECT_EQ(gate.running(), 0U);
  gate.enter(4, "b");
  EXPECT_EQ(gate.take_started(), Ids{4});
}

TEST(ConnectGate, EnteringTwiceIsOneWish) {
  ConnectGate gate(4, 4);
  gate.enter(1, "a");
  gate.enter(1, "a");
  EXPECT_EQ(gate.take_started(), Ids{1});
  gate.leave(1);
  EXPECT_TRUE(gate.take_started().empty());
}

}  // namespace
}  // namespace stas
