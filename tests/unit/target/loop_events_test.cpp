// SPDX-License-Identifier: Apache-2.0
//
// Asynchronous events of a discovery controller through the loop transport: when one is sent, to whom, what masks it,
// and how many requests may wait. That of a namespace: loop_namespaces_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/target/loop_host.h"

namespace stas::target::testing {
namespace {

TEST(LoopEvents, OneEventUntilThePageIsReadWithoutRae) {
  LoopTarget target(R"({})");
  LoopHost host(target);
  host.bring_up({.kato_ms = 30000});
  EXPECT_EQ(host.run(set_features(0x0B, 0x100)).status, 0x002) << "not an event of a discovery controller";
  EXPECT_EQ(host.run(set_features(0x0B, 0x80000000)).status, 0);
  const auto cid = host.submit(plain(0x0C));
  EXPECT_FALSE(host.take());
  target.engine.bump();
  const auto event = host.take();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->cid, cid);
  EXPECT_EQ(event->result, 0x0070F002U);
  host.submit(plain(0x0C));
  target.engine.bump();
  target.engine.bump();
  EXPECT_FALSE(host.take()) << "masked";
  host.run(get_log_page({.rae = true}));
  target.engine.bump();
  EXPECT_FALSE(host.take()) << "RAE keeps it masked";
  EXPECT_EQ(host.run(get_log_page({.length = 20, .rae = false})).number(0, 8), 5U) << "generations go on meanwhile";
  EXPECT_FALSE(host.take()) << "nothing has changed since";
  target.engine.bump();
  EXPECT_TRUE(host.take());
}

TEST(LoopEvents, OnlyHostsConcernedAreTold) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.a:a", "allow_any_host": false}]})");
  LoopHost mine(target);
  LoopHost other(target);
  for (LoopHost* host : {&mine, &other}) {
    host->bring_up({.hostnqn = host == &mine ? kHost : kOtherHost, .kato_ms = 30000});
    host->run(set_features(0x0B, 0x80000000));
    host->submit(plain(0x0C));
  }
  ASSERT_TRUE(target.engine.set_host("nqn.a:a", kHost, true));
  EXPECT_TRUE(mine.take());
  EXPECT_FALSE(other.take());
}

TEST(LoopEvents, AReaderOfEverythingIsToldOfEverything) {
  LoopTarget target(R"({"discovery": {"allsube": true}, "subsystems": [{"nqn": "nqn.a:a", "allow_any_host": false}]})");
  LoopHost host(target);
  host.bring_up({.kato_ms = 30000});
  host.run(set_features(0x0B, 0x80000000));
  host.run(get_log_page({.rae = false, .lsp = kAllsube}));
  host.submit(plain(0x0C));
  ASSERT_TRUE(target.engine.remove_subsystem("nqn.a:a"));
  EXPECT_TRUE(host.take()) << "its page has one entry less";
  host.submit(plain(0x0C));
  host.run(get_log_page({.rae = false}));
  ASSERT_TRUE(target.engine.add_subsystem({.nqn = "nqn.a:a", .allow_any_host = false}));
  EXPECT_FALSE(host.take()) << "it has read its own page since";
}

TEST(LoopEvents, FifthRequestIsRefusedAndAbortGivesOneBack) {
  LoopTarget target(R"({})");
  LoopHost host(target);
  host.bring_up({});
  const auto first = host.submit(plain(0x0C));
  for (int i = 0; i < 3; ++i) host.submit(plain(0x0C));
  EXPECT_EQ(host.run(plain(0x0C)).status, 0x105);
  host.submit(plain(0x08).at(40, static_cast<std::uint32_t>(first) << 16));
  const auto aborted = host.take();
  ASSERT_TRUE(aborted);
  EXPECT_EQ(aborted->cid, first);
  EXPECT_EQ(aborted->status, 0x007);
  EXPECT_EQ(host.take()->result, 0U);
  EXPECT_EQ(host.run(plain(0x08).at(40, std::uint32_t{0x77770000})).result, 1U) << "not aborted";
}

}  // namespace
}  // namespace stas::target::testing
