// SPDX-License-Identifier: Apache-2.0
//
// Connections to the core, through the loop transport: what Connect refuses and how it says why, controller ids, which
// I/O queues belong together, and what a removal or a denied host ends. Keep-alive: loop_keep_alive_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/target/loop_host.h"

namespace stas::target::testing {
namespace {

TEST(LoopConnect, RefusalsNameWhatIsWrong) {
  const char* config =
      R"({"listeners": [{"id": 1, "transport": "loop"}, {"id": 2, "transport": "loop", "discovery": false}],
    "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "listeners": [1]},
                   {"nqn": "nqn.2024-01.org.example:closed", "allow_any_host": false}]})";
  const struct {
    const char* name;
    ConnectOptions options;
    std::uint16_t listener;
    std::uint16_t status;
    std::uint64_t result;
  } rows[] = {
      {"unknown subsystem", {.subnqn = "nqn.x:y"}, 1, 0x182, 0x00010100},
      {"subsystem is on another listener", {.subnqn = kOne}, 2, 0x182, 0x00010100},
      {"no discovery here", {}, 2, 0x182, 0x00010100},
      {"no host name", {.hostnqn = ""}, 1, 0x182, 0x00010200},
      {"host not allowed", {.subnqn = "nqn.2024-01.org.example:closed"}, 1, 0x184, 0x00010200},
      {"static controller id", {.cntlid = 5}, 1, 0x182, 0x00010010},
      {"queue of one entry", {.sqsize = 0}, 1, 0x182, 0x2C},
      {"queue too long", {.sqsize = 128}, 1, 0x182, 0x2C},
      {"I/O queue of discovery", {.qid = 1, .cntlid = 1}, 1, 0x182, 0x2A},
      {"I/O queue of nobody", {.subnqn = kOne, .qid = 1, .cntlid = 77}, 1, 0x182, 0x00010010},
  };
  LoopTarget target(config);
  for (const auto& row : rows) {
    LoopHost host(target, row.listener);
    const Answer answer = host.run(connect(row.options));
    EXPECT_EQ(answer.status, row.status) << row.name;
    EXPECT_EQ(answer.result, row.result) << row.name;
    EXPECT_TRUE(answer.dnr) << row.name;
  }
  EXPECT_EQ(target.engine.stats().refused_connects, std::size(rows));
  EXPECT_TRUE(target.engine.controllers().empty());
}

TEST(LoopConnect, StrictNamesWhereThePolicySaysSo) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one"}]})");
  const ConnectOptions loose{.subnqn = kOne, .hostnqn = "my-host"};
  EXPECT_EQ(LoopHost(target).run(connect(loose)).status, 0);
  ASSERT_TRUE(target.engine.set_policy({.strict_nqns = true}));
  const Answer refused = LoopHost(target).run(connect(loose));
  EXPECT_EQ(refused.status, 0x182);
  EXPECT_EQ(refused.result, 0x10200U) << "the host NQN in the data";
  EXPECT_EQ(LoopHost(target).run(connect({.subnqn = kOne})).status, 0);
  EXPECT_FALSE(target.engine.add_subsystem({.nqn = "one"}));
  ASSERT_TRUE(target.engine.set_policy({}));
  ASSERT_TRUE(target.engine.add_subsystem({.nqn = "one"}));
  EXPECT_FALSE(target.engine.set_policy({.strict_nqns = true})) << "it is there already";
  EXPECT_FALSE(target.engine.model().policy.strict_nqns);
}

TEST(LoopConnect, NothingWorksBeforeConnectAndEnable) {
  LoopTarget target(kPlain);
  LoopHost host(target);
  EXPECT_EQ(host.run(identify(1)).status, 0x001);
  EXPECT_EQ(host.run(connect({.subnqn = kOne})).status, 0);
  EXPECT_EQ(host.run(connect({.subnqn = kOne})).status, 0x00C);
  EXPECT_EQ(host.run(identify(1)).status, 0x00C);
  EXPECT_EQ(host.run(property_set(0x14, 0x00460001)).status, 0);
  EXPECT_EQ(host.run(identify(1)).status, 0);
}

TEST(LoopConnect, ControllerIdsAreUniqueAndNotReusedAtOnce) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "cntlid_min": 10, "cntlid_max": 12}]})");
  LoopHost a(target);
  EXPECT_EQ(a.bring_up({.subnqn = kOne}), 10);
  {
    LoopHost b(target);
    EXPECT_EQ(b.bring_up({.subnqn = kOne}), 11);
  }
  LoopHost c(target);
  EXPECT_EQ(c.bring_up({.subnqn = kOne}), 12) << "11 has just been released and may still be held";
  LoopHost d(target);
  EXPECT_EQ(d.bring_up({.subnqn = kOne}), 11);
  LoopHost e(target);
  EXPECT_EQ(e.run(connect({.subnqn = kOne})).status, 0x181);
}

TEST(LoopConnect, IoQueuesBelongToTheirController) {
  LoopTarget target(kPlain);
  LoopHost admin(target);
  const auto cntlid = admin.bring_up({.subnqn = kOne});
  EXPECT_EQ(admin.run(set_features(0x07, 0x00010001)).result, 0x00010001U);
  LoopHost one(target);
  EXPECT_EQ(one.run(connect({.subnqn = kOne, .hostnqn = kOtherHost, .qid = 1, .cntlid = cntlid})).status, 0x182);
  EXPECT_EQ(one.run(connect({.subnqn = kOne, .qid = 3, .cntlid = cntlid})).result, 0x2AU);
  EXPECT_EQ(one.run(connect({.subnqn = kOne, .qid = 1, .cntlid = cntlid})).status, 0);
  LoopHost again(target);
  EXPECT_EQ(again.run(connect({.subnqn = kOne, .qid = 1, .cntlid = cntlid})).status, 0x00C);
}

TEST(LoopRemoval, SubsystemGoneMeansQueuesClosed) {
  LoopTarget target(kPlain);
  LoopHost admin(target);
  LoopHost io(target);
  io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = admin.bring_up({.subnqn = kOne})});
  ASSERT_TRUE(target.engine.remove_subsystem(kOne));
  EXPECT_TRUE(admin.is_closed());
  EXPECT_TRUE(io.is_closed());
}

TEST(LoopRemoval, DeniedHostLosesItsConnection) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one",
    "hosts": ["nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555"]}]})");
  LoopHost host(target);
  host.bring_up({.subnqn = kOne});
  ASSERT_TRUE(target.engine.set_host(kOne, kOtherHost, true));
  EXPECT_FALSE(host.is_closed());
  ASSERT_TRUE(target.engine.set_host(kOne, kHost, false));
  EXPECT_TRUE(host.is_closed());
}

}  // namespace
}  // namespace stas::target::testing
