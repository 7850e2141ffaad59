// SPDX-License-Identifier: Apache-2.0
//
// The life of a request: from admission to an answer that may come at any time or be taken back, and what ends it.
#include <gtest/gtest.h>

#include "tests/unit/target/loop_host.h"

namespace stas::target::testing {
namespace {

class Requests : public ::testing::Test {
 protected:
  void SetUp() override {
    cntlid_ = admin_.bring_up({.subnqn = kOne});
    io_.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid_});
  }

  void fault(Fault fault) { target_.engine.faults().add(std::move(fault)); }

  LoopTarget target_{kPlain};
  LoopHost admin_{target_};
  LoopHost io_{target_};
  std::uint16_t cntlid_ = 0;
};

TEST_F(Requests, AbortTakesBackACommandThatIsLost) {
  fault({.kind = FaultKind::drop, .io_queue = true, .command = opcode::kRead});
  const auto lost = io_.submit(read(0, 1));
  EXPECT_FALSE(io_.take());
  EXPECT_EQ(admin_.run(abort(1, lost)).result, 0U) << "aborted";
  const auto answer = io_.take();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->cid, lost);
  EXPECT_EQ(answer->status, 0x007);
  EXPECT_EQ(admin_.run(abort(1, lost)).result, 1U) << "there is nothing of that name any more";
}

TEST_F(Requests, AbortTakesBackADelayedAnswer) {
  fault({.kind = FaultKind::delay, .io_queue = true, .delay_ms = 500});
  const auto slow = io_.submit(read(0, 1));
  target_.pass(Millis(499));
  EXPECT_FALSE(io_.take());
  EXPECT_EQ(admin_.run(abort(1, slow)).result, 0U);
  EXPECT_EQ(io_.take()->status, 0x007);
  target_.pass(Millis(1000));
  EXPECT_FALSE(io_.take()) << "one command, one answer";
}

TEST_F(Requests, AbortTakesBackAnEventRequest) {
  const auto event = admin_.submit(plain(0x0C));
  const auto aborter = admin_.submit(abort(0, event));
  const auto first = admin_.take();
  const auto second = admin_.take();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->cid, event);
  EXPECT_EQ(first->status, 0x007);
  EXPECT_EQ(second->cid, aborter);
  EXPECT_EQ(second->result, 0U);
  EXPECT_EQ(admin_.run(abort(9, 1)).result, 1U) << "no such queue";
}

TEST_F(Requests, ACidIsInUseUntilItsAnswer) {
  fault({.kind = FaultKind::delay, .io_queue = true, .delay_ms = 100});
  io_.submit_as(77, read(0, 1));
  io_.submit_as(77, read(0, 1));
  EXPECT_EQ(io_.take()->status, 0x003) << "Command ID Conflict";
  target_.pass(Millis(100));
  const auto first = io_.take();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status, 0) << "the first one goes its way";
  io_.submit_as(77, read(0, 1));
  EXPECT_EQ(io_.take()->status, 0);
}

TEST_F(Requests, AQueueHoldsNoMoreThanItsSize) {
  fault({.kind = FaultKind::drop, .count = 0, .io_queue = true});
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    io_.submit(read(0, 1));
    if (const auto answer = io_.take()) {
      EXPECT_EQ(answer->status, 0x006);
      ++refused;
    }
  }
  EXPECT_EQ(refused, 100 - 32 - 5) << "32 entries and room for events";
}

TEST_F(Requests, ResetEndsIoQueuesAndWhatWasOutstanding) {
  admin_.submit(plain(0x0C));
  EXPECT_EQ(admin_.run(property_set(0x14, 0x00460000)).status, 0);
  EXPECT_TRUE(io_.is_closed());
  EXPECT_FALSE(admin_.is_closed());
  EXPECT_EQ(admin_.run(identify(1)).status, 0x00C);
  EXPECT_EQ(admin_.run(property_set(0x14, 0x00460001)).status, 0);
  EXPECT_EQ(admin_.run(identify(1)).status, 0);
  LoopHost again(target_);
  again.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid_});
  EXPECT_EQ(again.run(read(0, 1)).status, 0);
}

TEST_F(Requests, NothingIsExecutedAfterShutdown) {
  EXPECT_EQ(admin_.run(property_set(0x14, 0x00464001)).status, 0);
  EXPECT_EQ(admin_.run(property_get(0x1C)).result & 0xC, 8U);
  EXPECT_EQ(io_.run(read(0, 1)).status, 0x00C);
  EXPECT_EQ(admin_.run(identify(1)).status, 0x00C);
}

TEST_F(Requests, AWrongConfigurationIsFatal) {
  for (const std::uint32_t cc : {0x00460011U, 0x00460071U, 0x00460181U, 0x00460801U, 0x01460001U, 0x00450001U}) {
    LoopHost host(target_);
    EXPECT_EQ(host.run(connect({.subnqn = kOne})).status, 0);
    EXPECT_EQ(host.run(property_set(0x14, cc)).status, 0);
    EXPECT_EQ(host.run(property_get(0x1C)).result & 3, 2U) << std::hex << cc;
    EXPECT_EQ(host.run(identify(1)).status, 0x00C);
  }
}

TEST_F(Requests, DisconnectFreesAnIoQueue) {
  EXPECT_EQ(admin_.run(fabrics_plain(0x08)).status, 0x001) << "only I/O queues";
  EXPECT_EQ(io_.run(fabrics_plain(0x08)).status, 0);
  EXPECT_EQ(io_.run(read(0, 1)).status, 0x001);
  LoopHost again(target_);
  again.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid_});
  EXPECT_EQ(again.run(read(0, 1)).status, 0);
}

TEST_F(Requests, FailuresAreLoggedNewestFirst) {
  EXPECT_EQ(io_.run(read(1000000, 1)).status, 0x080);
  EXPECT_EQ(admin_.run(get_features(0x77)).status, 0x002);
  const Answer log = admin_.run(get_log_page({.lid = 1, .length = 128}));
  EXPECT_EQ(log.number(0, 8), 2U);
  EXPECT_EQ(log.number(8, 2), 0U) << "admin queue";
  EXPECT_EQ(log.number(64, 8), 1U);
  EXPECT_EQ(log.number(64 + 8, 2), 1U);
  EXPECT_EQ((log.number(64 + 12, 2) >> 1) & 0x7FF, 0x080U);
  EXPECT_EQ(log.number(64 + 16, 8), 1000000U);
  EXPECT_EQ(log.number(64 + 24, 4), 1U);
}

TEST(Listeners, QueuesOfAControllerComeByOneOfThem) {
  LoopTarget target(R"({"listeners": [{"id": 1, "transport": "loop"}, {"id": 2, "transport": "loop"}],
                        "subsystems": [{"nqn": "nqn.2024-01.org.example:one"}]})");
  LoopHost admin(target, 1);
  const auto cntlid = admin.bring_up({.subnqn = kOne});
  LoopHost elsewhere(target, 2);
  EXPECT_EQ(elsewhere.run(connect({.subnqn = kOne, .qid = 1, .cntlid = cntlid})).status, 0x182);
  LoopHost here(target, 1);
  EXPECT_EQ(here.run(connect({.subnqn = kOne, .qid = 1, .cntlid = cntlid})).status, 0);
}

TEST(Features, DefaultsCurrentAndSavedValuesDiffer) {
  LoopTarget target(kPlain);
  LoopHost host(target);
  host.bring_up({.subnqn = kOne});
  const auto select = [](std::uint8_t fid, std::uint32_t what) { return get_features(fid).at(40, fid | (what << 8)); };
  Command saving = set_features(0x04, 350);
  saving.at(40, std::uint32_t{0x04} | 0x80000000U);
  EXPECT_EQ(host.run(saving).status, 0);
  EXPECT_EQ(host.run(set_features(0x04, 340)).status, 0);
  EXPECT_EQ(host.run(select(0x04, 0)).result, 340U);
  EXPECT_EQ(host.run(select(0x04, 1)).result, 343U);
  EXPECT_EQ(host.run(select(0x04, 2)).result, 350U);
  EXPECT_EQ(host.run(select(0x04, 3)).result, 5U);
  Command unsaveable = set_features(0x0B, 0x100);
  unsaveable.at(40, std::uint32_t{0x0B} | 0x80000000U);
  EXPECT_EQ(host.run(unsaveable).status, 0x10D);
  EXPECT_EQ(host.run(set_features(0x81, 0)).status, 0x00C);
  LoopHost later(target);
  later.bring_up({.subnqn = kOne});
  EXPECT_EQ(later.run(select(0x04, 0)).result, 350U) << "controllers start with what was saved";
  const Answer effects = host.run(get_log_page({.lid = 0x12, .length = 1024}));
  EXPECT_EQ(effects.number(0x06 * 4, 4) & 1, 1U);
  EXPECT_EQ(effects.number(0x77 * 4, 4), 0U);
}

TEST(KeepAlive, TrafficCountsWhereItIsAnnounced) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "tbkas": true,
                                        "namespaces": [{"ram": "64KiB"}]}]})");
  LoopHost admin(target);
  LoopHost io(target);
  const auto cntlid = admin.bring_up({.subnqn = kOne, .kato_ms = 5000});
  io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid});
  EXPECT_EQ(admin.run(identify(1)).number(96, 4) & 0x40, 0x40U);
  for (int i = 0; i < 10; ++i) {
    target.pass(Millis(4000));
    EXPECT_EQ(io.run(read(0, 1)).status, 0);
  }
  EXPECT_FALSE(admin.is_closed());
  target.pass(Millis(5000));
  EXPECT_TRUE(admin.is_closed());
}

}  // namespace
}  // namespace stas::target::testing
