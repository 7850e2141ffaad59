// SPDX-License-Identifier: Apache-2.0
//
// The TCP transport over loopback: the admin sequence of a kernel host with and without digests, data transfer, hostile
// bytes, injected faults.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>

#include "tests/target/target_thread.h"
#include "tests/unit/target/tcp_host.h"

namespace stas::target::testing {
namespace {

constexpr char kConfig[] = R"({"discovery": {"nqn": "nqn.2024-01.org.example:discovery", "dctype": "ddc"},
  "listeners": [{"id": 1, "traddr": "127.0.0.1"}],
  "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "serial": "S1", "namespaces": [{"ram": "4MiB"}]}]})";

class TcpTarget : public ::testing::Test {
 protected:
  void start(const std::string& config = kConfig) {
    auto started = TargetThread::start(config);
    ASSERT_TRUE(started) << started.error().text;
    target_ = std::move(*started);
  }

  void fault(const std::string& params) {
    const auto added = target_->call("fault.add", params);
    ASSERT_TRUE(added) << added.error().text;
  }

  Stats stats() {
    Stats copy;
    target_->run([&](Target& target) { copy = target.engine().stats(); });
    return copy;
  }

  std::string port() { return target_->port(); }

  std::unique_ptr<TargetThread> target_;
};

class TcpDigests : public TcpTarget, public ::testing::WithParamInterface<Digests> {};

void bring_up_like_linux(TcpHost& host, const ConnectOptions& options) {
  const auto connected = host.run(connect(options));
  ASSERT_TRUE(connected);
  ASSERT_EQ(connected->status, 0);
  EXPECT_EQ(host.run(property_get(0x00, true))->result, 0x000000200F01007FU);
  EXPECT_EQ(host.run(property_set(0x14, 0x00460000))->status, 0);
  EXPECT_EQ(host.run(property_get(0x14))->result, 0x00460000U);
  EXPECT_EQ(host.run(property_get(0x00, true))->result, 0x000000200F01007FU);
  EXPECT_EQ(host.run(property_set(0x14, 0x00460001))->status, 0);
  EXPECT_EQ(host.run(property_get(0x1C))->result & 3, 1U);
  EXPECT_EQ(host.run(property_get(0x08))->result, 0x00010400U);
  const auto id = host.run(identify(1));
  ASSERT_TRUE(id);
  EXPECT_EQ(id->number(78, 2), connected->result & 0xFFFF) << "CNTLID as in Connect";
  EXPECT_EQ(id->number(80, 4), 0x00010400U);
  EXPECT_NE(id->number(514, 2), 0U) << "MAXCMD";
  EXPECT_EQ(id->number(536, 4) & 1, 1U) << "SGLS";
  EXPECT_GE(id->number(1792, 4), 4U) << "IOCCSZ";
  EXPECT_GE(id->number(1796, 4), 1U) << "IORCSZ";
  EXPECT_NE(id->number(320, 2), 0U) << "KAS";
}

TEST_P(TcpDigests, KernelDiscoverySequence) {
  ASSERT_NO_FATAL_FAILURE(start());
  TcpHost host(port());
  ASSERT_TRUE(host.initialize(GetParam()));
  ASSERT_NO_FATAL_FAILURE(bring_up_like_linux(host, {.kato_ms = 30000}));
  EXPECT_EQ(host.run(set_features(0x0B, 0x80000000))->status, 0);
  const auto aer = host.submit(plain(0x0C));
  EXPECT_EQ(host.run(plain(0x18))->status, 0);
  EXPECT_EQ(host.run(dim(0, kHost, "rack"))->status, 0);
  const auto page = host.run(get_log_page({.length = 4096, .rae = false}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->number(8, 8), 2U);
  EXPECT_EQ(page->number(1024 + 0, 3), 0x030103U) << "tcp, IPv4, current discovery";
  EXPECT_EQ(page->text(1024 + 32, 32), port());
  EXPECT_EQ(page->text(1024 + 512, 256), "127.0.0.1");
  EXPECT_EQ(page->text(2048 + 256, 256), kOne);
  ASSERT_TRUE(target_->call("subsystem.add", R"({"nqn": "nqn.2024-01.org.example:two"})"));
  const auto event = host.collect();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->cid, aer);
  EXPECT_EQ(host.run(property_set(0x14, 0x00464001))->status, 0);
  EXPECT_EQ(host.run(property_get(0x1C))->result & 0xC, 8U);
  EXPECT_EQ(host.digest_errors, 0U);
  std::string dims = *target_->call("dim.list");
  EXPECT_NE(dims.find(R"("symname":"rack")"), std::string::npos) << dims;
  EXPECT_NE(dims.find(R"("traddr":"127.0.0.1")"), std::string::npos) << dims;
}

TEST_P(TcpDigests, KernelIoSequenceAndEveryWayOfDataTransfer) {
  ASSERT_NO_FATAL_FAILURE(start());
  TcpHost admin(port());
  ASSERT_TRUE(admin.initialize(GetParam()));
  ASSERT_NO_FATAL_FAILURE(bring_up_like_linux(admin, {.subnqn = kOne, .kato_ms = 5000}));
  EXPECT_EQ(admin.run(get_log_page({.lid = 5, .length = 4096}))->status, 0);
  EXPECT_EQ(admin.run(get_log_page({.lid = 2, .length = 512}))->status, 0);
  EXPECT_EQ(admin.run(set_features(0x07, 0x00010001))->result, 0x00010001U);
  const auto cntlid = static_cast<std::uint16_t>(admin.run(identify(1))->number(78, 2));
  TcpHost first(port());
  TcpHost second(port());
  ASSERT_TRUE(first.initialize(GetParam()));
  ASSERT_TRUE(second.initialize(GetParam()));  // all ICReqs come before the first I/O Connect
  ASSERT_TRUE(first.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid, .sqsize = 127}));
  ASSERT_TRUE(second.bring_up({.subnqn = kOne, .qid = 2, .cntlid = cntlid, .sqsize = 127, .flow_control = false}));

  std::mt19937 random(7);
  for (const std::size_t blocks : {1, 2, 16, 32, 33, 255, 1024, 2048}) {
    std::vector<std::uint8_t> data(blocks * 512);
    for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
    const bool in_capsule = data.size() <= 16384;
    first.max_h2c = blocks > 255 ? 131072 : 4096;
    const auto written = first.run(write(blocks, data, in_capsule));
    ASSERT_TRUE(written) << blocks;
    EXPECT_EQ(written->status, 0) << blocks;
    const auto back = second.run(read(blocks, static_cast<std::uint32_t>(blocks)));
    ASSERT_TRUE(back) << blocks;
    EXPECT_EQ(back->data, data) << blocks;
  }
  EXPECT_GT(first.r2ts, 0U);
  EXPECT_GT(second.c2h_pdus, 8U) << "long reads come in several PDUs";
  EXPECT_EQ(first.digest_errors + second.digest_errors, 0U);
  EXPECT_EQ(first.run(read(8191, 2))->status, 0x080);
  EXPECT_EQ(first.run(write(0, std::vector<std::uint8_t>(4096 * 512 + 512), false))->status, 0x002) << "beyond MDTS";
}

INSTANTIATE_TEST_SUITE_P(All, TcpDigests,
                         ::testing::Values(Digests{false, false}, Digests{true, false}, Digests{false, true},
                                           Digests{true, true}),
                         [](const auto& param) {
                           return std::string(param.param.header ? "HeaderDigest" : "NoHeaderDigest") +
                                  (param.param.data ? "DataDigest" : "NoDataDigest");
                         });

TEST_F(TcpTarget, HostAlignmentIsHonoured) {
  ASSERT_NO_FATAL_FAILURE(start());
  TcpHost host(port());
  ASSERT_TRUE(host.initialize({true, true}, 15));
  ASSERT_TRUE(host.bring_up({}));
  EXPECT_EQ(host.run(identify(1))->data.size(), 4096U);
}

TEST_F(TcpTarget, QueueHeadCountsOrSaysThatItDoesNot) {
  ASSERT_NO_FATAL_FAILURE(start());
  TcpHost counting(port());
  ASSERT_TRUE(counting.initialize());
  for (std::uint16_t i = 1; i < 70; ++i) {
    const auto answer = i == 1 ? counting.run(connect({})) : counting.run(property_get(0x08));
    EXPECT_EQ(answer->sqhd, i % 32);
  }
  TcpHost free_running(port());
  ASSERT_TRUE(free_running.initialize());
  EXPECT_EQ(free_running.run(connect({.flow_control = false}))->sqhd, 0xFFFF);
}

TEST_F(TcpTarget, DamagedDataFailsItsCommandOnly) {
  ASSERT_NO_FATAL_FAILURE(start());
  TcpHost host(port());
  ASSERT_TRUE(host.initialize({false, true}));
  host.damage_data_digest = true;
  EXPECT_EQ(host.run(connect({}))->status, 0x022);
  host.damage_data_digest = false;
  EXPECT_EQ(host.run(connect({}))->status, 0);
}

TEST_F(TcpTarget, EntriesBehindAWildcardTellTheAddressOfTheConnection) {
  ASSERT_NO_FATAL_FAILURE(start(R"({"listeners": [{"id": 1, "traddr": "0.0.0.0"}, {"id": 2, "traddr": "::1"}]})"));
  TcpHost host(port());
  ASSERT_TRUE(host.initialize());
  ASSERT_TRUE(host.bring_up({}));
  const auto page = host.run(get_log_page({.length = 4096}));
  EXPECT_EQ(page->number(8, 8), 2U);
  EXPECT_EQ(page->text(1024 + 512, 256), "127.0.0.1");
  EXPECT_EQ(page->text(2048 + 512, 256), "::1");
  EXPECT_EQ(page->number(2048 + 1, 1), 2U);
}

TEST_F(TcpTarget, RemovedSubsystemFailedControllerAndLostListenerCloseSockets) {
  ASSERT_NO_FATAL_FAILURE(start());
  const auto connected = [&](TcpHost& host) { return host.initialize() && host.bring_up({.subnqn = kOne}); };
  TcpHost failed(port());
  ASSERT_TRUE(connected(failed));
  EXPECT_EQ(*target_->call("controller.fail", R"({"subnqn": "nqn.2024-01.org.example:one"})"), R"({"failed":1})");
  EXPECT_TRUE(failed.wait_closed());
  TcpHost removed(port());
  ASSERT_TRUE(connected(removed));
  ASSERT_TRUE(target_->call("subsystem.remove", R"({"nqn": "nqn.2024-01.org.example:one"})"));
  EXPECT_TRUE(removed.wait_closed());
  TcpHost orphan(port());
  ASSERT_TRUE(orphan.initialize());
  ASSERT_TRUE(target_->call("listener.remove", R"({"id": 1})"));
  EXPECT_TRUE(orphan.wait_closed());
}

TEST_F(TcpTarget, KeepAliveExpiresInRealTime) {
  ASSERT_NO_FATAL_FAILURE(start(R"({"discovery": {"kas": 1}, "listeners": [{"traddr": "127.0.0.1"}]})"));
  TcpHost host(port());
  ASSERT_TRUE(host.initialize());
  ASSERT_TRUE(host.bring_up({.kato_ms = 100}));
  EXPECT_TRUE(host.wait_closed());
  EXPECT_EQ(stats().kato_expired, 1U);
}

TEST_F(TcpTarget, ProtocolErrorsAreAnsweredByATermReqAndAClose) {
  using Raw = std::vector<std::uint8_t>;
  ASSERT_NO_FATAL_FAILURE(start());
  const auto pdu = [](std::uint8_t type, std::uint8_t flags, std::uint8_t hlen, std::uint8_t pdo, std::uint32_t plen) {
    Raw bytes(std::max<std::size_t>(hlen, 8), 0);
    bytes[0] = type;
    bytes[1] = flags;
    bytes[2] = hlen;
    bytes[3] = pdo;
    for (std::size_t i = 0; i < 4; ++i) bytes[4 + i] = static_cast<std::uint8_t>(plen >> (8 * i));
    return bytes;
  };
  const struct {
    const char* name;
    bool after_icreq;
    Raw bytes;
    std::uint8_t fes;
    std::uint8_t fei;
  } rows[] = {
      {"command before ICReq", false, pdu(4, 0, 72, 0, 72), 2, 0},
      {"ICReq too long", false, pdu(0, 0, 128, 0, 129), 1, 4},
      {"ICReq header length", false, pdu(0, 0, 127, 0, 128), 1, 2},
      {"second ICReq", true, pdu(0, 0, 128, 0, 128), 2, 0},
      {"a PDU for hosts", true, pdu(5, 0, 24, 0, 24), 1, 0},
      {"unknown type", true, pdu(0x42, 0, 24, 0, 24), 1, 0},
      {"header digest nobody asked for", true, pdu(4, 1, 72, 0, 72), 1, 1},
      {"command shorter than its header", true, pdu(4, 0, 72, 0, 71), 1, 4},
      {"command of 4 GiB", true, pdu(4, 0, 72, 72, 0xFFFFFFFF), 1, 4},
      {"data before the header ends", true, pdu(4, 0, 72, 8, 128), 1, 3},
      {"unaligned data", true, pdu(4, 0, 72, 74, 128), 1, 3},
      {"H2CData without data", true, pdu(6, 0, 24, 24, 24), 1, 4},
      {"H2CData beyond MAXH2CDATA", true, pdu(6, 0, 24, 24, 24 + 131076), 5, 4},
      {"H2CData for no R2T", true,
       [&] {
         Raw bytes = pdu(6, 4, 24, 24, 28);
         bytes.resize(28, 0);
         return bytes;
       }(),
       1, 10},
  };
  for (const auto& row : rows) {
    TcpHost host(port());
    if (row.after_icreq) {
      ASSERT_TRUE(host.initialize());
    }
    host.send(row.bytes);
    const auto answer = host.receive_pdu();
    ASSERT_TRUE(answer) << row.name;
    EXPECT_EQ((*answer)[0], 3) << row.name;
    EXPECT_EQ((*answer)[8], row.fes) << row.name;
    EXPECT_EQ((*answer)[10], row.fei) << row.name;
    EXPECT_TRUE(host.wait_closed()) << row.name;
  }
  EXPECT_EQ(stats().protocol_errors, std::size(rows));
}

TEST_F(TcpTarget, RandomBytesNeitherCrashNorBlock) {
  ASSERT_NO_FATAL_FAILURE(start());
  std::mt19937 random(4711);
  for (int round = 0; round < 150; ++round) {
    TcpHost host(port());
    const bool polite = round % 3 != 0;
    if (polite) {
      ASSERT_TRUE(host.initialize());
      if (round % 3 == 1) {
        ASSERT_TRUE(host.bring_up({.subnqn = round % 2 == 0 ? kOne : kWellKnown}));
      }
    }
    std::vector<std::uint8_t> bytes(72 * (1 + random() % 8));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    for (std::size_t at = 0; polite && at < bytes.size(); at += 72) {  // capsules with random commands
      const std::uint8_t head[] = {4, 0, 72, 0, 72, 0, 0, 0};
      std::copy(std::begin(head), std::end(head), bytes.begin() + static_cast<std::ptrdiff_t>(at));
      bytes[at + 9] = 0x40;
      bytes[at + 8 + 39] = 0x5A;
      bytes[at + 8 + 34] = 0;
      bytes[at + 8 + 35] = 0;
      if (random() % 2 == 0) bytes[at + 8] = static_cast<std::uint8_t>(random() % 2 == 0 ? 0x7F : random() % 16);
    }
    host.send(bytes);
  }
  TcpHost sane(port());
  ASSERT_TRUE(sane.initialize());
  EXPECT_TRUE(sane.bring_up({}));
}

TEST_F(TcpTarget, FaultsAtTheStartOfAConnection) {
  ASSERT_NO_FATAL_FAILURE(start());
  fault(R"({"what": "refuse_accept"})");
  EXPECT_TRUE(TcpHost(port()).wait_closed());
  fault(R"({"what": "close"})");
  EXPECT_FALSE(TcpHost(port()).initialize());
  fault(R"({"what": "bad_icresp"})");
  EXPECT_FALSE(TcpHost(port()).initialize());
  fault(R"({"what": "split_icresp", "delay_ms": 1})");
  TcpHost patient(port());
  EXPECT_TRUE(patient.initialize());
  EXPECT_TRUE(patient.bring_up({}));
}

TEST_F(TcpTarget, NoIcrespLeavesTheHostWaiting) {
  ASSERT_NO_FATAL_FAILURE(start());
  fault(R"({"what": "no_icresp"})");
  TcpHost silent(port());
  std::vector<std::uint8_t> icreq(128, 0);
  icreq[2] = 128;
  icreq[4] = 128;
  silent.send(icreq);
  TcpHost answered(port());
  ASSERT_TRUE(answered.initialize()) << "the fault struck once";
  ASSERT_TRUE(target_->call("listener.remove", R"({"id": 1})"));
  EXPECT_FALSE(silent.receive_pdu()) << "closed without ever having been answered";
}

TEST_F(TcpTarget, FaultsAtCommands) {
  ASSERT_NO_FATAL_FAILURE(start());
  fault(R"({"what": "status", "opcode": "connect", "status": 388, "result": 66048})");
  fault(R"({"what": "wrong_cntlid", "opcode": "connect"})");
  fault(R"({"what": "stuck_csts"})");
  TcpHost host(port());
  ASSERT_TRUE(host.initialize({true, true}));
  const auto refused = host.run(connect({}));
  EXPECT_EQ(refused->status, 0x184);
  EXPECT_EQ(refused->result, 0x00010200U);
  EXPECT_TRUE(refused->dnr);
  const auto cntlid = *host.bring_up({});
  EXPECT_EQ(host.run(property_get(0x1C))->result, 0U);
  EXPECT_EQ(host.run(property_get(0x1C))->result, 1U);
  EXPECT_NE(host.run(identify(1))->number(78, 2), cntlid);
  fault(R"({"what": "bad_ddgst", "opcode": "identify"})");
  host.run(identify(1));
  EXPECT_EQ(host.digest_errors, 1U);
  fault(R"({"what": "bad_hdgst", "opcode": "keep_alive"})");
  host.run(plain(0x18));
  EXPECT_EQ(host.digest_errors, 2U);
  fault(R"({"what": "wrong_cid", "opcode": "get_log_page", "lid": 112})");
  const auto cid = host.submit(get_log_page({}));
  EXPECT_NE(host.collect()->cid, cid);
  fault(R"({"what": "delay", "opcode": "identify", "delay_ms": 1})");
  EXPECT_EQ(host.run(identify(1))->status, 0);
  fault(R"({"what": "close", "opcode": "identify"})");
  EXPECT_FALSE(host.run(identify(1)));
}

TEST_F(TcpTarget, ControllersThatEndAtOnceLeaveNothing) {
  ASSERT_NO_FATAL_FAILURE(start());
  const auto at_port = port();
  constexpr int kRounds = 50;
  for (int i = 0; i < kRounds; ++i) {
    TcpHost admin(at_port);
    ASSERT_TRUE(admin.initialize());
    const auto cntlid = admin.bring_up({.subnqn = kOne});
    ASSERT_TRUE(cntlid);
    TcpHost io(at_port);
    ASSERT_TRUE(io.initialize());
    ASSERT_TRUE(io.run(connect({.subnqn = kOne, .qid = 1, .cntlid = *cntlid})));
    io.submit(read(0, 8));  // nobody waits for it
    if (i % 2 == 0) continue;
    ASSERT_TRUE(target_->call("controller.fail"));
    EXPECT_TRUE(admin.wait_closed());
  }
  TcpHost last(at_port);
  ASSERT_TRUE(last.initialize());
  ASSERT_TRUE(last.bring_up({.subnqn = kOne}));
  const auto controllers = target_->call("controllers.list");
  ASSERT_TRUE(controllers);
  EXPECT_EQ(stats().admin_connects, static_cast<std::uint64_t>(kRounds) + 1);
  EXPECT_EQ(controllers->find("cntlid"), controllers->rfind("cntlid")) << *controllers;
}

TEST_F(TcpTarget, HundredsOfControllersAtOnce) {
  ASSERT_NO_FATAL_FAILURE(start());
  constexpr std::size_t kCount = 400;  // descriptors of both ends are in this process
  std::vector<std::unique_ptr<TcpHost>> hosts;
  const auto at_port = port();
  for (std::size_t i = 0; i < kCount; ++i) {
    hosts.push_back(std::make_unique<TcpHost>(at_port));
    ASSERT_TRUE(hosts.back()->initialize());
    ASSERT_TRUE(hosts.back()->bring_up({.kato_ms = 30000}));
    hosts.back()->run(set_features(0x0B, 0x80000000));
    hosts.back()->submit(plain(0x0C));
  }
  EXPECT_EQ(stats().open, kCount);
  ASSERT_TRUE(target_->call("discovery.bump"));
  for (const auto& host : hosts) EXPECT_TRUE(host->collect());
  EXPECT_EQ(stats().aens, kCount);
}

TEST_F(TcpTarget, AThousandHostsAtOnce) {
  constexpr std::size_t kCount = 1000;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlim_t wanted = 2 * kCount + 200;  // both ends are in this process
  if (limit.rlim_max < wanted) GTEST_SKIP() << "no more than " << limit.rlim_max << " descriptors";
  limit.rlim_cur = std::max(limit.rlim_cur, wanted);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_NO_FATAL_FAILURE(start());
  std::vector<std::unique_ptr<TcpHost>> hosts;
  const auto at_port = port();
  for (std::size_t i = 0; i < kCount; ++i) {
    hosts.push_back(std::make_unique<TcpHost>(at_port));
    ASSERT_TRUE(hosts.back()->initialize());
    ASSERT_TRUE(
        hosts.back()->bring_up({.hostnqn = "nqn.2024-01.org.example:host" + std::to_string(i), .kato_ms = 30000}));
    hosts.back()->run(set_features(0x0B, 0x80000000));
    hosts.back()->submit(plain(0x0C));
  }
  ASSERT_TRUE(target_->call("discovery.bump"));
  for (const auto& host : hosts) {
    ASSERT_TRUE(host->collect()) << "its event";
    const auto page = host->run(get_log_page({.lid = 0x70, .length = 1024, .rae = false}));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->status, 0);
  }
  EXPECT_EQ(stats().aens, kCount);
  EXPECT_EQ(stats().open, kCount);
}

}  // namespace
}  // namespace stas::target::testing
