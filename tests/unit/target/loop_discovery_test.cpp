// SPDX-License-Identifier: Apache-2.0
//
// The discovery controller through the loop transport: its names, the discovery log page as each host reads it, whole
// and in pieces, its generations, and the registrations (DIM) that it takes. Events: loop_events_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/target/loop_host.h"

namespace stas::target::testing {
namespace {

/// Reads a whole log page in pieces as libnvme does: 20 bytes of header, entries of at most `piece` bytes, header.
std::vector<std::uint8_t> entries_of(LoopHost& host, std::uint8_t lsp = 0, std::uint32_t piece = 4096) {
  const Answer head = host.run(get_log_page({.length = 20, .lsp = lsp}));
  EXPECT_EQ(head.data.size(), 20U);
  const std::uint64_t total = head.number(8, 8) * 1024;
  std::vector<std::uint8_t> all;
  while (all.size() < total) {
    const auto want = static_cast<std::uint32_t>(std::min<std::uint64_t>(piece, total - all.size()));
    const Answer part = host.run(get_log_page({.offset = 1024 + all.size(), .length = want, .lsp = lsp}));
    EXPECT_EQ(part.status, 0);
    if (part.data.empty()) break;
    all.insert(all.end(), part.data.begin(), part.data.end());
  }
  return all;
}

/// The page as text: one "subtype portid subnqn eflags" per entry.
std::string page_text(LoopHost& host, std::uint8_t lsp = 0) {
  const Answer all{.data = entries_of(host, lsp)};
  std::string text;
  for (std::size_t at = 0; at < all.data.size(); at += 1024) {
    text += std::to_string(all.number(at + 2, 1)) + " " + std::to_string(all.number(at + 4, 2)) + " " +
            all.text(at + 256, 256) + " " + std::to_string(all.number(at + 10, 2)) + "\n";
  }
  return text;
}

TEST(LoopDiscovery, BothNamesReachItAndTheUniqueOneIsTold) {
  LoopTarget target(R"({"discovery": {"nqn": "nqn.2024-01.org.example:discovery", "dctype": "cdc"}})");
  LoopHost by_constant(target);
  LoopHost by_name(target);
  const auto first = by_constant.bring_up({.subnqn = kWellKnown});
  const auto second = by_name.bring_up({.subnqn = kUnique});
  EXPECT_NE(first, second);
  for (LoopHost* host : {&by_constant, &by_name}) {
    const Answer id = host->run(identify(1));
    EXPECT_EQ(id.text(768, 256), kUnique);
    EXPECT_EQ(id.number(111, 1), 2U) << "CNTRLTYPE";
    EXPECT_EQ(id.number(1806, 1), 2U) << "DCTYPE";
    EXPECT_EQ(id.number(92, 4), 0x80000000U) << "OAES";
    EXPECT_EQ(id.number(78, 2), host == &by_constant ? first : second);
  }
}

TEST(LoopDiscovery, PageListsWhatTheHostMaySee) {
  LoopTarget target(R"({"discovery": {"nqn": "nqn.2024-01.org.example:discovery", "dupretinfo": true},
    "listeners": [{"id": 1, "transport": "loop"}, {"id": 7, "transport": "loop", "discovery": false}],
    "subsystems": [{"nqn": "nqn.b:everybody", "listeners": [7], "ncc": true},
                   {"nqn": "nqn.a:mine", "hosts": ["nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555"]},
                   {"nqn": "nqn.c:nobodys", "allow_any_host": false}],
    "referrals": [{"traddr": "192.0.2.1", "epcsd": true}, {"traddr": "192.0.2.2", "hosts": ["nqn.z:z"]}]})");
  LoopHost host(target);
  host.bring_up({});
  EXPECT_EQ(page_text(host),
            "3 1 nqn.2024-01.org.example:discovery 3\n"
            "1 0 nqn.2014-08.org.nvmexpress.discovery 2\n"
            "2 1 nqn.a:mine 0\n"
            "2 7 nqn.a:mine 0\n"
            "2 7 nqn.b:everybody 4\n");
  EXPECT_EQ(page_text(host, kPleo),
            "3 1 nqn.2024-01.org.example:discovery 3\n"
            "1 0 nqn.2014-08.org.nvmexpress.discovery 2\n"
            "2 1 nqn.a:mine 0\n");
  LoopHost stranger(target);
  stranger.bring_up({.hostnqn = kOtherHost});
  EXPECT_EQ(page_text(stranger).find("mine"), std::string::npos);
}

TEST(LoopDiscovery, AllsubeListsWhatIsRegisteredWhoeverAsks) {
  LoopTarget target(R"({"discovery": {"allsube": true, "self_entries": false, "filter": "listener"},
    "listeners": [{"id": 1, "transport": "loop"}, {"id": 2, "transport": "loop"}],
    "subsystems": [{"nqn": "nqn.a:others", "hosts": ["nqn.2014-08.org.nvmexpress:uuid:99999999-2222-3333-4444-555555555555"]},
                   {"nqn": "nqn.b:nobodys", "allow_any_host": false, "listeners": [2]},
                   {"nqn": "nqn.c:off", "enabled": false}],
    "referrals": [{"traddr": "192.0.2.2", "hosts": ["nqn.z:z"]}],
    "zone_groups": [{"name": "elsewhere", "members": ["nqn.x:x", "nqn.a:others"]}]})");
  LoopHost host(target);
  host.bring_up({});
  EXPECT_EQ(page_text(host), "");
  EXPECT_EQ(page_text(host, kAllsube),
            "1 0 nqn.2014-08.org.nvmexpress.discovery 0\n"
            "2 1 nqn.a:others 0\n"
            "2 2 nqn.a:others 0\n"
            "2 2 nqn.b:nobodys 0\n");
  EXPECT_EQ(page_text(host, kAllsube | kPleo),
            "1 0 nqn.2014-08.org.nvmexpress.discovery 0\n"
            "2 1 nqn.a:others 0\n")
      << "each bit takes away its own filter only";
  EXPECT_EQ(host.run(get_log_page({.length = 1024, .lsp = kAllsube})).number(18, 1), kAllsube) << "DLPF confirms it";
  LoopTarget without(R"({"subsystems": [{"nqn": "nqn.b:nobodys", "allow_any_host": false}]})");
  LoopHost reader(without);
  reader.bring_up({});
  EXPECT_EQ(page_text(reader, kAllsube).find("nobodys"), std::string::npos) << "not supported, so ignored";
}

TEST(LoopDiscovery, PleoIsAnnouncedAndIgnoredWhenNotSupported) {
  LoopTarget target(R"({"discovery": {"pleo": false, "extdlpe": true, "self_entries": false},
    "listeners": [{"id": 1, "transport": "loop"}, {"id": 2, "transport": "loop"}],
    "subsystems": [{"nqn": "nqn.a:a"}]})");
  LoopHost host(target);
  host.bring_up({});
  const Answer pages = host.run(get_log_page({.lid = 0, .length = 1024}));
  EXPECT_EQ(pages.number(0x70 * 4, 4), 0x00010001U);
  EXPECT_EQ(page_text(host, kPleo), "2 1 nqn.a:a 0\n2 2 nqn.a:a 0\n");
  const Answer head = host.run(get_log_page({.length = 1024, .lsp = kExtdlpe | kPleo}));
  EXPECT_EQ(head.number(18, 1), kExtdlpe);
  EXPECT_EQ(head.number(20, 4), 1024U + 2 * 1032);
}

TEST(LoopDiscovery, SupportedLogPagesCanBeMissing) {
  LoopTarget target(R"({"discovery": {"supported_log_pages": false}})");
  LoopHost host(target);
  host.bring_up({});
  EXPECT_EQ(host.run(get_log_page({.lid = 0})).status, 0x109);
  EXPECT_EQ(host.run(identify(1)).number(261, 1), 4U);
}

TEST(LoopDiscovery, AnyAlignedPieceEqualsThatPieceOfTheWhole) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.a:a"}, {"nqn": "nqn.a:b"}, {"nqn": "nqn.a:c"}]})");
  LoopHost host(target);
  host.bring_up({});
  const auto whole = host.run(get_log_page({.length = 8192})).data;
  const struct {
    std::uint64_t offset;
    std::uint32_t length;
  } rows[] = {{0, 4}, {8, 8}, {0, 20}, {1020, 8}, {1024, 1024}, {1028, 4096}, {2044, 1032}, {4096, 4096}, {5116, 8}};
  for (const auto& row : rows) {
    const Answer part = host.run(get_log_page({.offset = row.offset, .length = row.length}));
    const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(row.offset);
    EXPECT_EQ(part.data, std::vector<std::uint8_t>(begin, begin + row.length)) << row.offset;
  }
  EXPECT_EQ(host.run(get_log_page({.offset = 2})).status, 0x002) << "not dword aligned";
  for (const std::uint64_t beyond : {std::uint64_t{1} << 20, ~std::uint64_t{3}}) {
    const Answer none = host.run(get_log_page({.offset = beyond, .length = 64}));
    EXPECT_EQ(none.status, 0);
    EXPECT_EQ(none.data, std::vector<std::uint8_t>(64, 0));
  }
}

TEST(LoopDiscovery, TenThousandSubsystemsAreOneConsistentPage) {
  std::string config = R"({"subsystems": [)";
  for (int i = 0; i < 10000; ++i) {
    config += (i == 0 ? "" : ",") + (R"({"nqn": "nqn.2024-01.org.example:)" + std::to_string(i) + R"("})");
  }
  LoopTarget target(config + "]}");
  LoopHost host(target);
  host.bring_up({});
  const Answer all{.data = entries_of(host)};
  ASSERT_EQ(all.data.size(), 10001U * 1024);
  std::set<std::string> names;
  for (std::size_t i = 1; i <= 10000; ++i) names.insert(all.text(i * 1024 + 256, 256));
  EXPECT_EQ(names.size(), 10000U);
}

TEST(LoopDiscovery, GenerationAdvancesByOneForEveryChange) {
  LoopTarget target(R"({})");
  LoopHost host(target);
  host.bring_up({});
  const auto genctr = [&] { return host.run(get_log_page({.length = 20})).number(0, 8); };
  EXPECT_EQ(genctr(), 1U);
  ASSERT_TRUE(target.engine.add_subsystem({.nqn = "nqn.a:a"}));
  EXPECT_EQ(genctr(), 2U);
  ASSERT_TRUE(target.engine.set_host("nqn.a:a", kHost, true));
  EXPECT_EQ(genctr(), 3U);
  SubsystemConfig config = target.engine.subsystem("nqn.a:a")->config;
  config.ncc = true;
  ASSERT_TRUE(target.engine.set_subsystem(config));
  EXPECT_EQ(genctr(), 4U);
  ASSERT_TRUE(target.engine.add_referral({.traddr = "192.0.2.1"}));
  EXPECT_EQ(genctr(), 5U);
  EXPECT_FALSE(target.engine.add_subsystem({.nqn = "nqn.a:a"}));
  EXPECT_EQ(genctr(), 5U) << "a refused change is none";
  ASSERT_TRUE(target.engine.remove_subsystem("nqn.a:a"));
  EXPECT_EQ(genctr(), 6U);
}

TEST(LoopDiscovery, RawEntriesAreServedAsTheyAre) {
  LoopTarget target(R"({"discovery": {"self_entries": false, "raw_entries": [
    {"trtype": 2, "adrfam": 4, "subnqn": "nqn.f:c", "traddr": "nn-0x1:pn-0x2", "trsvcid": "none", "eflags": 7},
    {"hex": "ff01"}]}})");
  LoopHost host(target);
  host.bring_up({});
  const Answer all{.data = entries_of(host)};
  ASSERT_EQ(all.data.size(), 2048U);
  EXPECT_EQ(all.number(0, 2), 0x0402U);
  EXPECT_EQ(all.text(512, 256), "nn-0x1:pn-0x2");
  EXPECT_EQ(all.number(10, 2), 7U);
  EXPECT_EQ(all.number(1024, 2), 0x01FFU);
}

TEST(LoopDim, RegistryFollowsTheTasks) {
  LoopTarget target(R"({"discovery": {"dctype": "ddc"}})");
  LoopHost host(target);
  host.bring_up({});
  EXPECT_EQ(host.run(dim(0, kHost, "rack")).status, 0);
  ASSERT_EQ(target.engine.dim().list().size(), 1U);
  EXPECT_EQ(target.engine.dim().list()[0].symname, "rack");
  EXPECT_EQ(host.run(dim(2, kHost, "other")).status, 0);
  EXPECT_EQ(target.engine.dim().list()[0].symname, "other");
  EXPECT_EQ(host.run(dim(1, kHost)).status, 0);
  EXPECT_TRUE(target.engine.dim().list().empty());
  EXPECT_EQ(host.run(dim(3, kHost)).status, 0x002);
  EXPECT_EQ(host.run(dim(0, "")).status, 0x12F);
  EXPECT_EQ(target.engine.stats().dim_refused, 2U);
}

TEST(LoopDim, IsUnknownToAPlainDiscoveryController) {
  LoopTarget target(R"({})");
  LoopHost host(target);
  host.bring_up({});
  EXPECT_EQ(host.run(dim(0, kHost)).status, 0x001);
}

}  // namespace
}  // namespace stas::target::testing
