// SPDX-License-Identifier: Apache-2.0
//
// Smaller promises of the target, each seen by a host: identity, limits, queue counts across reconnects, alignment,
// statistics per controller, labels in extended entries, and faults that lie in data.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/target/target_thread.h"
#include "tests/unit/target/loop_host.h"
#include "tests/unit/target/tcp_host.h"

namespace stas::target::testing {
namespace {

using Json = nlohmann::ordered_json;

TEST(Details, ASubsystemHasTheIdentityItIsGiven) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "serial": "S7", "model": "M7",
    "firmware": "F7", "vid": 6966, "ssvid": 6900, "oui": 722187, "version": "2.0", "retry_delay": 5}]})");
  LoopHost host(target);
  host.bring_up({.subnqn = kOne});
  const Answer id = host.run(identify(1));
  EXPECT_EQ(id.number(0, 2), 0x1B36U);
  EXPECT_EQ(id.number(2, 2), 6900U);
  EXPECT_EQ(id.number(73, 3), 722187U);
  EXPECT_EQ(id.text(4, 2), "S7");
  EXPECT_EQ(id.text(24, 2), "M7");
  EXPECT_EQ(id.text(64, 2), "F7");
  EXPECT_EQ(id.number(80, 4), 0x00020000U);
  EXPECT_EQ(id.number(128, 2), 5U) << "CRDT1";
}

TEST(Details, MdtsZeroMeansNoLimitOfTheSubsystem) {
  for (const int mdts : {0, 1}) {
    LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "mdts": )" + std::to_string(mdts) +
                      R"(, "namespaces": [{"ram": "1MiB"}]}]})");
    LoopHost admin(target);
    LoopHost io(target);
    const auto cntlid = admin.bring_up({.subnqn = kOne});
    io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid});
    EXPECT_EQ(admin.run(identify(1)).number(77, 1), static_cast<std::uint64_t>(mdts));
    EXPECT_EQ(io.run(read(0, 17)).status, mdts == 0 ? 0 : 0x002) << "8704 bytes";
    EXPECT_EQ(io.run(read(0, 2048)).status, mdts == 0 ? 0 : 0x002) << "1 MiB";
  }
}

TEST(Details, TheQueueCountMayChangeAcrossAReconnect) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "max_io_queues": 4}]})");
  const auto granted = [&] {
    LoopHost host(target);
    host.bring_up({.subnqn = kOne});
    return host.run(set_features(0x07, 0x00070007)).result & 0xFFFF;
  };
  EXPECT_EQ(granted(), 3U);
  LoopHost stays(target);
  stays.bring_up({.subnqn = kOne});
  for (const std::uint16_t queues : {1, 6}) {
    SubsystemConfig config = target.engine.subsystem(kOne)->config;
    config.max_io_queues = queues;
    ASSERT_TRUE(target.engine.set_subsystem(config));
    EXPECT_EQ(granted(), queues - 1U);
  }
  EXPECT_FALSE(stays.is_closed()) << "nobody is thrown out for it";
}

TEST(Details, CountsAreKeptByOpcodeAndController) {
  auto target = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1"}],
    "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "64KiB"}]}]})");
  ASSERT_TRUE(target);
  TcpHost admin((*target)->port());
  ASSERT_TRUE(admin.initialize());
  const auto cntlid = admin.bring_up({.subnqn = kOne});
  TcpHost io((*target)->port());
  ASSERT_TRUE(io.initialize());
  ASSERT_TRUE(io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = *cntlid}));
  EXPECT_EQ(io.run(write(0, std::vector<std::uint8_t>(1024, 1), true))->status, 0);
  EXPECT_EQ(io.run(read(0, 3))->status, 0);
  EXPECT_EQ(io.run(read(0, 3))->status, 0);
  const Json row = Json::parse(*(*target)->call("controllers.list"))[0];
  EXPECT_EQ(row["by_opcode"]["io"]["0x02"], 2);
  EXPECT_EQ(row["by_opcode"]["io"]["0x01"], 1);
  EXPECT_EQ(row["bytes_in"], 1024);
  EXPECT_EQ(row["bytes_out"], 3072);
  const Json all = Json::parse(*(*target)->call("target.stats"));
  EXPECT_EQ(all["commands"]["io"]["0x02"], 2);
  EXPECT_EQ(all["commands"]["fabrics"]["0x01"], 2) << "Connect";
}

TEST(Details, LabelsComeInExtendedEntries) {
  LoopTarget target(R"({"discovery": {"extdlpe": true, "self_entries": false}, "subsystems": [
    {"nqn": "nqn.2024-01.org.example:one", "admin_label": "rack 7"}, {"nqn": "nqn.2024-01.org.example:two"}]})");
  LoopHost host(target);
  host.bring_up({});
  const Answer page = host.run(get_log_page({.length = 4096, .lsp = 1}));
  EXPECT_EQ(page.number(8, 8), 2U);
  EXPECT_EQ(page.number(18, 1), 1U) << "DLPF.EXTEND";
  const std::size_t first = 1024;
  const auto tel = static_cast<std::size_t>(page.number(first + 1024, 4));
  EXPECT_EQ(page.number(20, 4), 1024 + 2 * tel) << "TDLPL";
  EXPECT_EQ(page.number(first + 1028, 2), 1U) << "NUMEXAT";
  EXPECT_EQ(page.number(first + 1032, 2), 2U) << "EXATTYPE";
  const auto length = static_cast<std::size_t>(page.number(first + 1034, 2));
  EXPECT_EQ(length % 4, 0U);
  EXPECT_EQ(page.text(first + 1036, length).substr(0, 8), "rack 7  ");
  EXPECT_EQ(page.text(first + tel + 256, 256), "nqn.2024-01.org.example:two");
  EXPECT_EQ(page.number(first + tel + 1028, 2), 0U);
}

class LyingData : public ::testing::Test {
 protected:
  void start(int cpda) {
    auto started =
        TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1", "cpda": )" + std::to_string(cpda) + R"(}],
      "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "64KiB"}]}]})");
    ASSERT_TRUE(started);
    target_ = std::move(*started);
    host_ = std::make_unique<TcpHost>(target_->port());
  }
  void fault(const std::string& params) { ASSERT_TRUE(target_->call("fault.add", params)); }

  std::unique_ptr<TargetThread> target_;
  std::unique_ptr<TcpHost> host_;
};

TEST_F(LyingData, FaultsInWhatIsSent) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  ASSERT_TRUE(host_->initialize({.header = false, .data = true}));
  ASSERT_TRUE(host_->bring_up({.subnqn = kOne}));
  const auto honest = host_->run(identify(1));
  ASSERT_TRUE(honest);
  fault(R"({"what": "wrong_subnqn"})");
  EXPECT_NE(host_->run(identify(1))->text(768, 256), kOne);
  fault(R"({"what": "lying_identify", "result": 77, "value": 9})");
  EXPECT_EQ(host_->run(identify(1))->number(77, 1), 9U);
  fault(R"({"what": "corrupt", "opcode": "identify", "value": 24})");
  const auto corrupt = host_->run(identify(1));
  ASSERT_TRUE(corrupt);
  EXPECT_EQ(corrupt->data[24], honest->data[24] ^ 0xFF);
  EXPECT_EQ(host_->digest_errors, 0U) << "the digest fits what was sent";
  fault(R"({"what": "truncate", "opcode": "identify"})");
  EXPECT_EQ(host_->run(identify(1))->data.size(), 2048U);
  fault(R"({"what": "status", "opcode": "identify", "status": 0})");
  const auto empty = host_->run(identify(1));
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->status, 0) << "a success without its data";
  EXPECT_TRUE(empty->data.empty());
  EXPECT_EQ(host_->run(identify(1))->data, honest->data) << "all of them are used up";
}

TEST_F(LyingData, AlignmentOfTheHostsDataIsAskedForAndChecked) {
  ASSERT_NO_FATAL_FAILURE(start(1));
  host_->send([] {
    std::vector<std::uint8_t> icreq(128, 0);
    icreq[2] = 128;
    icreq[4] = 128;
    return icreq;
  }());
  const auto icresp = host_->receive_pdu();
  ASSERT_TRUE(icresp);
  EXPECT_EQ(icresp->at(10), 1) << "CPDA: 8 bytes";
  // Connect with its data right behind a header of 72 bytes fits; the same four bytes later does not.
  Command connecting = connect({.subnqn = kOne});
  const auto capsule = [&](std::uint8_t pdo) {
    std::vector<std::uint8_t> pdu(pdo, 0);
    pdu[0] = 4;
    pdu[2] = 72;
    pdu[3] = pdo;
    const std::uint32_t plen = pdo + 1024U;
    for (unsigned i = 0; i < 4; ++i) pdu[4 + i] = static_cast<std::uint8_t>(plen >> (8 * i));
    std::copy(connecting.sqe.begin(), connecting.sqe.end(), pdu.begin() + 8);
    pdu.insert(pdu.end(), connecting.data.begin(), connecting.data.end());
    return pdu;
  };
  host_->send(capsule(72));
  const auto answer = host_->collect();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 0);
  host_->send(capsule(76));
  const auto refused = host_->receive_pdu();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->at(0), 3) << "C2HTermReq";
}

TEST(Details, AStatusCanAskForARetryLater) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "retry_delay": 2,
                                        "namespaces": [{"ram": "64KiB"}]}]})");
  Fault fault{.kind = FaultKind::status, .status = 0x082, .dnr = false, .retry_delay = 1};
  LoopHost admin(target);
  LoopHost io(target);
  const auto cntlid = admin.bring_up({.subnqn = kOne});
  io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid});
  fault.io_queue = true;
  target.engine.faults().add(fault);
  io.submit(read(0, 1));
  const auto answer = io.take();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 0x082);
  EXPECT_FALSE(answer->dnr);
  EXPECT_EQ(answer->retry_delay, 1) << "CRD";
  EXPECT_TRUE(answer->more) << "the error log has it";
}

}  // namespace
}  // namespace stas::target::testing
