// SPDX-License-Identifier: Apache-2.0
//
// Namespaces through the loop transport: read and write, how Identify lists and names them, and namespaces that come
// and go while they are read. What stores the blocks: backend_test.cpp and storage_test.cpp.
#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/target/loop_host.h"

namespace stas::target::testing {
namespace {

TEST(LoopIo, DataIsWhatWasWritten) {
  LoopTarget target(kPlain);
  LoopHost admin(target);
  LoopHost io(target);
  io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = admin.bring_up({.subnqn = kOne})});
  const std::vector<std::uint8_t> block(512, 0xA7);
  EXPECT_EQ(io.run(write(127, block, true)).status, 0);
  EXPECT_EQ(io.run(read(127, 1)).data, block);
  EXPECT_EQ(io.run(read(126, 1)).data, std::vector<std::uint8_t>(512, 0));
  EXPECT_EQ(io.run(read(127, 2)).status, 0x080) << "LBA out of range";
  EXPECT_EQ(io.run(read(~std::uint64_t{0}, 1)).status, 0x080);
  EXPECT_EQ(io.run(read(0, 1, 2)).status, 0x00B);
  EXPECT_EQ(io.run(plain(0x00).at(4, std::uint32_t{1})).status, 0) << "flush";
  EXPECT_EQ(io.run(plain(0x77).at(4, std::uint32_t{1})).status, 0x001);
}

TEST(LoopIdentify, NamespacesAreListedAndNamed) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [
    {"ram": "1MiB", "uuid": "00112233-4455-6677-8899-aabbccddeeff"}, {"nsid": 5, "ram": "64KiB", "lba": 4096}]}]})");
  LoopHost host(target);
  host.bring_up({.subnqn = kOne});
  const Answer list = host.run(identify(2));
  EXPECT_EQ(list.number(0, 8), 0x0000000500000001U);
  EXPECT_EQ(list.number(8, 4), 0U);
  EXPECT_EQ(host.run(identify(2, 1)).number(0, 8), 5U) << "ids above 1";
  const Answer first = host.run(identify(0, 1));
  EXPECT_EQ(first.number(0, 8), 2048U);
  EXPECT_EQ(first.number(130, 1), 9U);
  EXPECT_EQ(host.run(identify(0, 5)).number(130, 1), 12U);
  EXPECT_EQ(host.run(identify(0, 3)).number(0, 8), 0U) << "unused id";
  EXPECT_EQ(host.run(identify(0, 6)).status, 0x00B);
  const Answer ids = host.run(identify(3, 1));
  EXPECT_EQ(ids.number(0, 2), 0x1003U);
  EXPECT_EQ(ids.number(4, 4), 0x33221100U);
  EXPECT_EQ(ids.number(20, 2), 0x0104U) << "CSI descriptor";
  EXPECT_EQ(host.run(identify(8, 1)).number(14, 1), 1U) << "ready";
  EXPECT_EQ(host.run(identify(5, 1)).status, 0);
  EXPECT_EQ(host.run(identify(6)).status, 0);
  EXPECT_EQ(host.run(identify(0x7F)).status, 0x002);
}

TEST(LoopIdentify, NamespaceChangeRaisesAnEventAndFillsTheList) {
  LoopTarget target(kPlain);
  LoopHost host(target);
  host.bring_up({.subnqn = kOne});
  host.run(set_features(0x0B, 0x100));
  host.submit(plain(0x0C));
  ASSERT_TRUE(target.engine.add_namespace(kOne, {.backend = {.kind = BackendKind::ram, .size = 65536}}));
  EXPECT_EQ(host.take()->result, 0x00040002U);
  EXPECT_EQ(host.run(get_log_page({.lid = 4, .length = 4096, .rae = false})).number(0, 8), 2U);
  EXPECT_EQ(host.run(get_log_page({.lid = 4, .length = 4096, .rae = false})).number(0, 8), 0U);
}

TEST(LoopIdentify, NamespacesAreRemappedWhileTheyAreRead) {
  LoopTarget target(kPlain);
  ASSERT_TRUE(target.engine.add_backend({.name = "first", .kind = BackendKind::ram, .size = 65536}));
  ASSERT_TRUE(target.engine.add_backend({.name = "second", .kind = BackendKind::ram, .size = 65536}));
  LoopHost admin(target);
  LoopHost io(target);
  const auto cntlid = admin.bring_up({.subnqn = kOne});
  io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid});
  const auto genctr = target.engine.model().genctr;
  constexpr std::uint32_t kCount = 200;
  for (std::uint32_t nsid = 2; nsid < 2 + kCount; ++nsid) {
    ASSERT_TRUE(target.engine.add_namespace(kOne, {.nsid = nsid, .use = "first"}));
  }
  EXPECT_EQ(io.run(write(0, std::vector<std::uint8_t>(512, 1), true, 2)).status, 0);
  for (int round = 0; round < 100; ++round) {
    const bool second = round % 2 == 0;
    ASSERT_TRUE(target.engine.remove_namespace(kOne, 2));
    EXPECT_EQ(io.run(read(0, 1, 2)).status, 0x00B);
    ASSERT_TRUE(target.engine.add_namespace(kOne, {.nsid = 2, .use = second ? "second" : "first"}));
    const Answer got = io.run(read(0, 1, 2));
    ASSERT_EQ(got.status, 0);
    EXPECT_EQ(got.data[0], second ? 0 : 1) << "what is behind it now";
    EXPECT_EQ(io.run(read(0, 1, 3)).data[0], 1) << "its neighbour";
  }
  for (std::uint32_t nsid = 2; nsid < 2 + kCount; ++nsid) ASSERT_TRUE(target.engine.remove_namespace(kOne, nsid));
  EXPECT_EQ(admin.run(identify(2)).number(4, 4), 0U) << "namespace 1 alone";
  EXPECT_EQ(target.engine.model().genctr, genctr) << "namespaces do not show in the discovery page";
  EXPECT_TRUE(target.engine.remove_backend("first")) << "nobody uses it any more";
}

}  // namespace
}  // namespace stas::target::testing
