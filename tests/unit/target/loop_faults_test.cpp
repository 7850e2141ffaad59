// SPDX-License-Identifier: Apache-2.0
//
// Injected faults through the loop transport, with virtual time: a status, a delay, an answer that never comes, a
// change between two reads, a page that lies. Faults in what is sent: details_test.cpp; on sockets: tcp_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/target/loop_host.h"

namespace stas::target::testing {
namespace {

using std::chrono::seconds;

TEST(LoopFaults, DelayStatusDropAndChangeInjection) {
  LoopTarget target(R"({})");
  LoopHost host(target);
  host.bring_up({});
  const auto add = [&](FaultKind kind, std::uint8_t code) {
    Fault fault;
    fault.kind = kind;
    fault.command = code;
    fault.delay_ms = 3000;
    fault.status = 0x181;
    fault.value = 1ULL << 60;
    target.engine.faults().add(fault);
  };
  add(FaultKind::status, opcode::kIdentify);
  EXPECT_EQ(host.run(identify(1)).status, 0x181);
  EXPECT_EQ(host.run(identify(1)).status, 0);
  add(FaultKind::delay, opcode::kIdentify);
  host.submit(identify(1));
  target.pass(Millis(2999));
  EXPECT_FALSE(host.take());
  target.pass(Millis(1));
  EXPECT_TRUE(host.take());
  add(FaultKind::drop, opcode::kIdentify);
  host.submit(identify(1));
  target.pass(seconds(60));
  EXPECT_FALSE(host.take());
  add(FaultKind::inject_change, opcode::kGetLogPage);
  EXPECT_EQ(host.run(get_log_page({.length = 20})).number(0, 8), 1U);
  EXPECT_EQ(host.run(get_log_page({.length = 20})).number(0, 8), 2U);
  add(FaultKind::wrong_numrec, opcode::kGetLogPage);
  EXPECT_EQ(host.run(get_log_page({.length = 20})).number(8, 8), 1ULL << 60);
  EXPECT_EQ(host.run(get_log_page({.length = 20})).number(8, 8), 1U);
}

}  // namespace
}  // namespace stas::target::testing
