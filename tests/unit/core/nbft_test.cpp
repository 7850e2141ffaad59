// SPDX-License-Identifier: Apache-2.0
//
// The boot table: what a good one says, and that a bad one says what is wrong with it.
#include "libstas/core/discovery/nbft.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libstas/core/identity/nqn.h"
#include "tests/unit/core/nbft_builder.h"

namespace stas {
namespace {

using test::mapped;
using test::NbftBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kMac = "\xea\xeb\xd3\x58\x89\x57";

NbftBuilder good() {
  NbftBuilder table;
  table.add_hfi(kMac, mapped(192, 0, 2, 100));
  table.add_hfi("\xea\xeb\xd3\x59\x89\x57", mapped(198, 51, 100, 100), 7);
  table.add_discovery("nvme+tcp://192.0.2.50:8009/", "", 1);
  table.add_ssns(mapped(192, 0, 2, 49), "4420", "nqn.2024-01.org.example:root", {1, 2});
  return table;
}

TEST(Nbft, SaysWhatWasBootedFrom) {
  const auto nbft = parse_nbft(good().build());
  ASSERT_TRUE(nbft) << nbft.error().text;
  EXPECT_EQ(nbft->host_nqn, "nqn.2014-08.org.nvmexpress:uuid:f8131bac-cdef-4165-866b-5998c1e67890");
  EXPECT_EQ(nbft->host_id, "11111111-1111-1111-1111-111111111122");
  EXPECT_THAT(nbft->left_out, IsEmpty());
  ASSERT_EQ(nbft->discovery_controllers.size(), 1U);
  const auto& dc = nbft->discovery_controllers[0];
  EXPECT_EQ(dc.traddr, "192.0.2.50");
  EXPECT_EQ(dc.trsvcid, "8009");
  EXPECT_EQ(dc.nqn, kWellKnownDiscoveryNqn);
  ASSERT_TRUE(dc.interface);
  EXPECT_EQ(dc.interface->address, IpAddress::parse("192.0.2.100"));
  EXPECT_EQ(std::string(dc.interface->mac.begin(), dc.interface->mac.end()), kMac);
  // One for each way to it.
  ASSERT_EQ(nbft->subsystems.size(), 2U);
  EXPECT_EQ(nbft->subsystems[0].nqn, "nqn.2024-01.org.example:root");
  EXPECT_EQ(nbft->subsystems[0].traddr + " " + nbft->subsystems[0].trsvcid, "192.0.2.49 4420");
  EXPECT_EQ(nbft->subsystems[1].interface->vlan, 7);
  EXPECT_FALSE(nbft->subsystems[0].hdr_digest);
}

TEST(Nbft, AnEntryMayLeaveTheWayOpen) {
  NbftBuilder table;
  table.add_ssns(mapped(192, 0, 2, 49), "4420", "nqn.2024-01.org.example:root", {0, 0});
  const auto nbft = parse_nbft(table.build());
  ASSERT_EQ(nbft->subsystems.size(), 1U);
  EXPECT_FALSE(nbft->subsystems[0].interface);
  EXPECT_THAT(nbft->left_out, IsEmpty());
}

TEST(Nbft, IdentityCountsOnlyWhereAnAdministratorSetIt) {
  auto table = good();
  table.host_flags = 1;
  const auto nbft = parse_nbft(table.build());
  EXPECT_EQ(nbft->host_nqn + nbft->host_id, "");
}

TEST(Nbft, Uris) {
  const struct {
    const char* uri;
    const char* expect;  // "" left out
  } rows[] = {
      {"nvme+tcp://192.0.2.50:8009/", "tcp 192.0.2.50 8009"},
      {"nvme+tcp://192.0.2.50/", "tcp 192.0.2.50 8009"},
      {"nvme+tcp://192.0.2.50", "tcp 192.0.2.50 8009"},
      {"nvme+tcp://[FD00::1]:4420/path", "tcp fd00::1 4420"},
      {"nvme+rdma://192.0.2.50:4420/", "rdma 192.0.2.50 4420"},
      {"nvme+tcp://[::ffff:192.0.2.50]/", "tcp 192.0.2.50 8009"},
      {"nvme://192.0.2.50:8009/", ""},
      {"nvme+fc://192.0.2.50:8009/", ""},
      {"nvme+tcp://192.0.2.50:0/", ""},
      {"nvme+tcp://192.0.2.50:65536/", ""},
      {"nvme+tcp://192.0.2.50:80O9/", ""},
      {"nvme+tcp://[fd00::1/", ""},
      {"nvme+tcp://[fd00::1]x/", ""},
      {"nvme+tcp://0.0.0.0:8009/", ""},
      {"nvme+tcp://array.example:8009/", ""},
      {"nvme+tcp://", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    NbftBuilder table;
    table.add_discovery(row.uri, "", 0);
    const auto nbft = parse_nbft(table.build());
    ASSERT_TRUE(nbft) << row.uri;
    std::string got;
    for (const auto& dc : nbft->discovery_controllers)
      got = std::string(to_text(dc.transport)) + " " + dc.traddr + " " + dc.trsvcid;
    EXPECT_EQ(got, row.expect) << row.uri;
    EXPECT_EQ(nbft->left_out.size(), got.empty() ? 1U : 0U) << row.uri;
  }
}

TEST(Nbft, WhatCannotBeUsedIsNamedAndCostsNothingElse) {
  NbftBuilder table = good();
  table.add_discovery("nvme+tcp://192.0.2.51:8009/", "not an nqn\x01", 1);
  table.add_discovery("nvme+tcp://192.0.2.52:8009/", "nqn.2024-01.org.example:dc", 9);  // there is no HFI 9
  table.add_ssns("short", "4420", "nqn.2024-01.org.example:x", {1});
  table.add_ssns(mapped(192, 0, 2, 48), "http", "nqn.2024-01.org.example:x", {1});
  const auto nbft = parse_nbft(table.build());
  ASSERT_TRUE(nbft);
  std::vector<std::string> texts;
  for (const auto& entry : nbft->left_out) texts.push_back(entry.text);
  EXPECT_THAT(texts,
              ElementsAre(HasSubstr("discovery entry 2: its NQN cannot be used: not an nqn?"),
                          HasSubstr("discovery entry 3: the way to it, HFI 9"),
                          HasSubstr("namespace entry 2: its address"), HasSubstr("namespace entry 3: its address")));
  // What of them can be read, of those that are about an I/O controller.
  EXPECT_FALSE(nbft->left_out[0].io || nbft->left_out[1].io);
  EXPECT_TRUE(nbft->left_out[2].io && nbft->left_out[3].io);
  EXPECT_EQ(nbft->left_out[2].traddr + nbft->left_out[2].nqn, "nqn.2024-01.org.example:x");
  EXPECT_EQ(nbft->left_out[3].traddr, "192.0.2.48");
  ASSERT_EQ(nbft->discovery_controllers.size(), 2U);
  EXPECT_FALSE(nbft->discovery_controllers[1].interface);
  EXPECT_EQ(nbft->subsystems.size(), 2U);
}

TEST(Nbft, ABrokenFrameIsAnErrorAndSaysWhy) {
  const std::string table = good().build();
  const auto changed = [&](std::size_t at, std::uint64_t value, std::size_t size) {
    std::string copy = table;
    NbftBuilder::put(copy, at, value, size);
    return NbftBuilder::seal(copy);
  };
  const struct {
    std::string bytes;
    const char* why;
  } rows[] = {
      {"", "too short"},
      {table.substr(0, 127), "too short"},
      {NbftBuilder::seal("NBFU" + table.substr(4)), "signature"},
      {table.substr(0, table.size() - 1), "length"},
      {changed(4, 12, 4), "length"},
      {table.substr(0, 200) + "x" + table.substr(201), "checksum"},
      {changed(8, 2, 1), "major revision 2"},
      {changed(36, 0xffffffff, 4), "heap"},
      {changed(40, 0xffffffff, 4), "heap"},
      {changed(64, 9, 1), "control"},
  };
  for (const auto& row : rows) {
    const auto nbft = parse_nbft(row.bytes);
    ASSERT_FALSE(nbft) << row.why;
    EXPECT_THAT(nbft.error().text, HasSubstr(row.why));
  }
  // Not valid: nothing was booted from.
  const auto nothing = parse_nbft(changed(64 + 6, 0, 1));
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->discovery_controllers.empty() && nothing->subsystems.empty());
  // Behind the length the firmware may have left something.
  EXPECT_TRUE(parse_nbft(table + "rest"));
}

TEST(Nbft, ReferencesOutsideAreNotFollowed) {
  const std::string table = good().build();
  for (const std::size_t list : {64 + 16, 64 + 24, 64 + 40}) {
    for (const std::uint64_t offset : {0xffffffffULL, 0xfffffff0ULL, 100000ULL}) {
      std::string copy = table;
      NbftBuilder::put(copy, list, offset, 4);
      const auto nbft = parse_nbft(NbftBuilder::seal(copy));
      ASSERT_TRUE(nbft);
      EXPECT_FALSE(nbft->left_out.empty());
    }
  }
}

// Whatever firmware writes: no crash, and what comes out can be used.
TEST(Nbft, RandomDamage) {
  std::mt19937 random(1);
  const std::string table = good().build();
  for (int run = 0; run < 20000; ++run) {
    std::string copy = table;
    for (unsigned i = 0; i < 1 + random() % 4; ++i) {
      const std::size_t at = random() % 2 == 0 ? random() % 700 : random() % copy.size();
      copy[at] = static_cast<char>(random());
    }
    const auto nbft = parse_nbft(NbftBuilder::seal(copy));
    if (!nbft) continue;
    for (const auto* list : {&nbft->discovery_controllers, &nbft->subsystems})
      for (const auto& controller : *list) {
        ASSERT_TRUE(is_usable_nqn(controller.nqn));
        ASSERT_TRUE(IpAddress::parse(controller.traddr));
      }
  }
}

}  // namespace
}  // namespace stas
