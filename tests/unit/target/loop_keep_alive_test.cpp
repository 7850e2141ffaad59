// SPDX-License-Identifier: Apache-2.0
//
// Keep-alive through the loop transport, with virtual time: what expires when, what it ends, and discovery controllers
// that stay or go without one. Which traffic counts as a sign of life: request_test.cpp.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/unit/target/loop_host.h"

namespace stas::target::testing {
namespace {

using std::chrono::seconds;

TEST(LoopKeepAlive, ExpiryClosesEveryQueueAndFreesTheController) {
  LoopTarget target(kPlain);
  LoopHost admin(target);
  LoopHost io(target);
  const auto cntlid = admin.bring_up({.subnqn = kOne, .kato_ms = 4500});
  io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid});
  for (int i = 0; i < 10; ++i) {
    target.pass(seconds(4));
    EXPECT_EQ(admin.run(plain(0x18)).status, 0);
  }
  target.pass(Millis(4999));
  EXPECT_FALSE(admin.is_closed()) << "4.5 s are rounded up to 5 s by KAS";
  io.run(read(0, 1));
  target.pass(Millis(1));
  EXPECT_TRUE(admin.is_closed());
  EXPECT_TRUE(io.is_closed());
  EXPECT_TRUE(target.engine.controllers().empty());
  EXPECT_EQ(target.engine.stats().kato_expired, 1U);
}

TEST(LoopKeepAlive, ADayOfHostsThatKeepTheirTime) {
  LoopTarget target(kPlain);
  constexpr std::uint32_t kTimes[] = {1000, 5000, 15000, 30000, 120000, 3600000};
  constexpr Millis kDay = std::chrono::hours(24);
  struct Host {
    std::unique_ptr<LoopHost> queue;
    Millis interval;
    Millis next;
  };
  std::vector<Host> hosts;
  for (const std::uint32_t kato : kTimes) {
    const Millis interval(kato / 2);
    hosts.push_back({std::make_unique<LoopHost>(target), interval, interval});
    hosts.back().queue->bring_up({.subnqn = kOne, .kato_ms = kato});
  }
  LoopHost persistent(target);  // answers nothing but keep-alives, and those only just in time
  persistent.bring_up({.kato_ms = 60000});
  std::uint64_t sent = 0;
  for (Millis passed{0}; passed < kDay; passed += Millis(500)) {
    target.pass(Millis(500));
    for (Host& host : hosts) {
      if (passed + Millis(500) < host.next) continue;
      host.next += host.interval;
      ++sent;
      ASSERT_EQ(host.queue->run(plain(0x18)).status, 0);
    }
    if ((passed + Millis(500)) % std::chrono::seconds(59) == Millis(0)) {
      ++sent;
      ASSERT_EQ(persistent.run(plain(0x18)).status, 0);
    }
  }
  EXPECT_EQ(target.engine.stats().keep_alives, sent);
  EXPECT_EQ(target.engine.stats().kato_expired, 0U);
  EXPECT_EQ(target.engine.controllers().size(), std::size(kTimes) + 1);
  // Whoever stops is gone after its own time, in the order of their times.
  for (std::size_t left = std::size(kTimes); left > 0; --left) {
    const std::uint32_t kato = kTimes[std::size(kTimes) - left];
    EXPECT_FALSE(hosts[std::size(kTimes) - left].queue->is_closed());
    target.pass(Millis(kato));
    EXPECT_TRUE(hosts[std::size(kTimes) - left].queue->is_closed()) << kato;
  }
}

TEST(LoopKeepAlive, ZeroIsRefusedAndFeatureChangesIt) {
  LoopTarget target(kPlain);
  LoopHost host(target);
  host.bring_up({.subnqn = kOne});
  EXPECT_EQ(host.run(plain(0x18)).status, 0x01A);
  target.pass(std::chrono::hours(24));
  EXPECT_FALSE(host.is_closed());
  EXPECT_EQ(host.run(set_features(0x0F, 2000)).status, 0);
  EXPECT_EQ(host.run(get_features(0x0F)).result, 2000U);
  target.pass(seconds(2));
  EXPECT_TRUE(host.is_closed());
}

TEST(LoopKeepAlive, PersistentDiscoveryStaysIdleDiscoveryGoes) {
  LoopTarget target(kPlain);
  LoopHost idle(target);
  LoopHost persistent(target);
  idle.bring_up({});
  persistent.bring_up({.kato_ms = 30000});
  for (int i = 0; i < 3; ++i) {
    target.pass(seconds(29));
    EXPECT_EQ(persistent.run(plain(0x18)).status, 0);
  }
  EXPECT_FALSE(idle.is_closed());
  EXPECT_EQ(idle.run(get_log_page({})).status, 0);
  for (int i = 0; i < 5; ++i) {
    target.pass(seconds(24));
    EXPECT_EQ(persistent.run(plain(0x18)).status, 0);
  }
  EXPECT_TRUE(idle.is_closed()) << "120 s after its last command";
  EXPECT_EQ(target.engine.stats().idle_expired, 1U);
  target.pass(seconds(29));
  EXPECT_FALSE(persistent.is_closed());
}

}  // namespace
}  // namespace stas::target::testing
