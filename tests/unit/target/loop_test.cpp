// SPDX-License-Identifier: Apache-2.0
//
// The core through the loop transport, with virtual time: connects and refusals, keep-alive, discovery pages and
// events.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/unit/target/loop_host.h"

namespace stas::target::testing {
namespace {

using std::chrono::seconds;

constexpr char kPlain[] =
    R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "64KiB"}]}]})";

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
