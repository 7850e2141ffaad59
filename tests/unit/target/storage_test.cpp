// SPDX-License-Identifier: Apache-2.0
//
// What a controller sees of its subsystem's namespaces: ANA with failover, masking, attachment, reservations, zone
// groups and disabling.
#include <gtest/gtest.h>

#include "tests/unit/target/loop_host.h"

namespace stas::target::testing {
namespace {

constexpr char kAna[] = R"({
  "listeners": [{"id": 1, "transport": "loop"},
                {"id": 2, "transport": "loop", "ana_groups": [{"id": 2, "state": "inaccessible"}]}],
  "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "ana": true,
                  "namespaces": [{"ram": "64KiB"}, {"ram": "64KiB", "ana_group": 2}, {"ram": "64KiB"}]}]})";

struct Path {
  Path(LoopTarget& target, std::uint16_t listener, const std::string& hostnqn = kHost)
      : admin(target, listener), io(target, listener) {
    cntlid = admin.bring_up({.subnqn = kOne, .hostnqn = hostnqn});
    io.bring_up({.subnqn = kOne, .hostnqn = hostnqn, .qid = 1, .cntlid = cntlid});
  }
  LoopHost admin;
  LoopHost io;
  std::uint16_t cntlid = 0;
};

Answer ana_log(LoopHost& host, std::uint8_t lsp = 0, bool rae = false) {
  return host.run(get_log_page({.lid = 0x0C, .length = 256, .rae = rae, .lsp = lsp}));
}

TEST(Ana, StatesBelongToListeners) {
  LoopTarget target(kAna);
  Path one(target, 1);
  Path two(target, 2);
  const Answer id = one.admin.run(identify(1));
  EXPECT_EQ(id.number(76, 1), 0x0BU) << "CMIC";
  EXPECT_EQ(id.number(516, 4), 1024U) << "NN";
  EXPECT_EQ(id.number(540, 4), 1024U) << "MNAN";
  EXPECT_NE(id.number(342, 1), 0U) << "ANATT";
  EXPECT_EQ(id.number(92, 4) & 0x800, 0x800U) << "OAES";
  EXPECT_EQ(one.admin.run(identify(0, 2)).number(92, 4), 2U) << "ANAGRPID";
  const Answer log = ana_log(two.admin);
  EXPECT_EQ(log.number(8, 2), 2U) << "groups";
  EXPECT_EQ(log.number(16, 4), 1U);
  EXPECT_EQ(log.number(20, 4), 2U) << "namespaces of group 1";
  EXPECT_EQ(log.number(32, 1), 1U) << "optimized";
  EXPECT_EQ(log.number(48, 4), 1U);
  EXPECT_EQ(log.number(52, 4), 3U);
  EXPECT_EQ(log.number(56, 4), 2U) << "the next group";
  EXPECT_EQ(log.number(56 + 16, 1), 3U) << "inaccessible";
  EXPECT_EQ(ana_log(two.admin, 1).number(20, 4), 0U) << "groups only";
  EXPECT_EQ(one.io.run(read(0, 1, 2)).status, 0);
  const Answer refused = two.io.run(read(0, 1, 2));
  EXPECT_EQ(refused.status, 0x302);
  EXPECT_FALSE(refused.dnr) << "another path may do";
}

TEST(Ana, FailoverIsOneEventOnThePathsConcerned) {
  LoopTarget target(kAna);
  Path one(target, 1);
  Path two(target, 2);
  for (LoopHost* host : {&one.admin, &two.admin}) {
    EXPECT_EQ(host->run(set_features(0x0B, 0x900)).status, 0);
    host->submit(plain(0x0C));
  }
  ASSERT_TRUE(target.engine.set_ana(1, 2, AnaState::change, ""));
  ASSERT_TRUE(target.engine.set_ana(1, 2, AnaState::inaccessible, ""));
  EXPECT_EQ(one.admin.take()->result, 0x000C0302U);
  EXPECT_FALSE(one.admin.take()) << "masked until the log page is read";
  EXPECT_FALSE(two.admin.take()) << "nothing has changed there";
  ASSERT_TRUE(target.engine.set_ana(2, 2, AnaState::optimized, ""));
  EXPECT_EQ(two.admin.take()->result, 0x000C0302U);
  EXPECT_EQ(one.io.run(read(0, 1, 2)).status, 0x302);
  EXPECT_EQ(two.io.run(read(0, 1, 2)).status, 0);
  EXPECT_EQ(ana_log(one.admin).number(56 + 16, 1), 3U);
  one.admin.submit(plain(0x0C));
  ASSERT_TRUE(target.engine.set_ana(1, 2, AnaState::persistent_loss, kOne));
  EXPECT_EQ(one.admin.take()->result, 0x000C0302U);
  EXPECT_EQ(one.io.run(read(0, 1, 2)).status, 0x301);
  EXPECT_FALSE(target.engine.set_ana(9, 1, AnaState::optimized, ""));
  EXPECT_FALSE(target.engine.set_ana(1, 129, AnaState::optimized, ""));
}

TEST(Ana, NothingIsSaidOfItWhereItIsNotReported) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "64KiB"}]}]})");
  Path path(target, 1);
  EXPECT_EQ(path.admin.run(identify(1)).number(76, 1), 3U);
  EXPECT_EQ(ana_log(path.admin).status, 0x109);
  EXPECT_EQ(path.admin.run(set_features(0x0B, 0x800)).status, 0x002);
  EXPECT_FALSE(target.engine.set_ana(1, 1, AnaState::inaccessible, kOne));
  ASSERT_TRUE(target.engine.set_ana(1, 1, AnaState::inaccessible, ""));
  EXPECT_EQ(path.io.run(read(0, 1)).status, 0);
}

TEST(Visibility, NamespacesAreMaskedByHost) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [
    {"ram": "64KiB"}, {"ram": "64KiB", "hosts": ["nqn.2014-08.org.nvmexpress:uuid:99999999-2222-3333-4444-555555555555"]}]}]})");
  Path mine(target, 1);
  Path other(target, 1, kOtherHost);
  EXPECT_EQ(mine.admin.run(identify(2)).number(4, 4), 0U);
  EXPECT_EQ(other.admin.run(identify(2)).number(4, 4), 2U);
  EXPECT_EQ(mine.io.run(read(0, 1, 2)).status, 0x00B);
  EXPECT_EQ(other.io.run(read(0, 1, 2)).status, 0);
  EXPECT_EQ(mine.admin.run(identify(3, 2)).status, 0x00B);
  EXPECT_EQ(mine.admin.run(identify(0, 2)).number(0, 8), 0U) << "inactive";
}

TEST(Visibility, AttachAndDetachByCommand) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [
    {"ram": "64KiB"}, {"ram": "64KiB", "attached": false}]}]})");
  Path one(target, 1);
  Path two(target, 1);
  two.admin.run(set_features(0x0B, 0x100));
  two.admin.submit(plain(0x0C));
  EXPECT_EQ(one.admin.run(identify(2)).number(4, 4), 0U);
  EXPECT_EQ(one.admin.run(identify(0x10)).number(4, 4), 2U) << "allocated";
  EXPECT_NE(one.admin.run(identify(0x11, 2)).number(0, 8), 0U);
  std::vector<std::uint8_t> list(4096, 0);
  list[0] = 1;
  list[2] = static_cast<std::uint8_t>(one.cntlid);
  const auto attach = [&](std::uint32_t select) { return any(0x15, 2, list).at(40, select); };
  EXPECT_EQ(one.admin.run(attach(0)).status, 0);
  EXPECT_EQ(one.admin.run(attach(0)).status, 0x118) << "already";
  EXPECT_EQ(two.admin.take()->result, 0x00040002U);
  EXPECT_EQ(one.admin.run(identify(2)).number(4, 4), 2U);
  EXPECT_EQ(two.admin.run(identify(2)).number(4, 4), 0U);
  EXPECT_EQ(one.io.run(read(0, 1, 2)).status, 0);
  const Answer attached = one.admin.run(identify(0x12, 2));
  EXPECT_EQ(attached.number(0, 2), 1U);
  EXPECT_EQ(attached.number(2, 2), one.cntlid);
  EXPECT_EQ(one.admin.run(identify(0x13)).number(0, 2), 2U);
  EXPECT_EQ(one.admin.run(attach(1)).status, 0);
  EXPECT_EQ(one.admin.run(attach(1)).status, 0x11A);
  list[2] = 99;
  EXPECT_EQ(one.admin.run(attach(0)).status, 0x11C);
}

TEST(Visibility, ZoneGroupsSayWhatAHostIsShown) {
  LoopTarget target(R"({"discovery": {"dctype": "cdc", "self_entries": false}, "subsystems": [
    {"nqn": "nqn.2024-01.org.example:one"}, {"nqn": "nqn.2024-01.org.example:two"}]})");
  LoopHost mine(target);
  LoopHost other(target);
  mine.bring_up({});
  other.bring_up({.hostnqn = kOtherHost});
  const auto records = [](LoopHost& host) { return host.run(get_log_page({.length = 20, .rae = false})).number(8, 8); };
  EXPECT_EQ(records(mine), 2U);
  for (LoopHost* host : {&mine, &other}) {
    host->run(set_features(0x0B, 0x80000000));
    host->submit(plain(0x0C));
  }
  ASSERT_TRUE(target.engine.set_zone_group({"a", {kHost, kOtherHost, kOne, "nqn.2024-01.org.example:two"}}));
  EXPECT_FALSE(mine.take()) << "it shows the same as before";
  ASSERT_TRUE(target.engine.set_zone_group({"a", {kHost, kOtherHost, kOne}}));
  EXPECT_TRUE(mine.take());
  EXPECT_TRUE(other.take());
  EXPECT_EQ(records(mine), 1U);
  EXPECT_EQ(records(other), 1U);
  mine.submit(plain(0x0C));
  other.submit(plain(0x0C));
  ASSERT_TRUE(target.engine.set_zone_group({"b", {kHost, "nqn.2024-01.org.example:two"}}));
  EXPECT_TRUE(mine.take());
  EXPECT_FALSE(other.take());
  EXPECT_EQ(records(mine), 2U);
  ASSERT_TRUE(target.engine.set_zone_group({"a", {}}));
  ASSERT_TRUE(target.engine.set_zone_group({"b", {}}));
  EXPECT_FALSE(target.engine.set_zone_group({"b", {}}));
  EXPECT_TRUE(other.take());
  EXPECT_EQ(records(other), 2U) << "without groups everything is shown";
}

TEST(Visibility, ADisabledSubsystemKeepsItsData) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "64KiB"}]}]})");
  LoopHost discovery(target);
  discovery.bring_up({});
  const std::vector<std::uint8_t> data(512, 0x5A);
  {
    Path path(target, 1);
    EXPECT_EQ(path.io.run(write(0, data, true)).status, 0);
    SubsystemConfig config = target.engine.subsystem(kOne)->config;
    config.enabled = false;
    ASSERT_TRUE(target.engine.set_subsystem(config));
    EXPECT_TRUE(path.admin.is_closed());
    EXPECT_TRUE(path.io.is_closed());
  }
  EXPECT_EQ(discovery.run(get_log_page({.length = 20})).number(8, 8), 1U) << "only the discovery service itself";
  LoopHost refused(target);
  EXPECT_EQ(refused.run(connect({.subnqn = kOne})).status, 0x182);
  SubsystemConfig config = target.engine.subsystem(kOne)->config;
  config.enabled = true;
  ASSERT_TRUE(target.engine.set_subsystem(config));
  Path path(target, 1);
  EXPECT_EQ(path.io.run(read(0, 1)).data, data);
}

TEST(Visibility, OneHostidPerHostWhereThatIsThePolicy) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "one_hostid_per_host": true}]})");
  LoopHost first(target);
  first.bring_up({.subnqn = kOne});
  LoopHost same(target);
  EXPECT_EQ(same.run(connect({.subnqn = kOne})).status, 0);
  Command other = connect({.subnqn = kOne});
  other.data[0] ^= 0xFF;
  LoopHost changed(target);
  EXPECT_EQ(changed.run(other).status, 0x184);
}

Command reserve(std::uint8_t opcode, std::uint32_t cdw10, std::uint64_t current, std::uint64_t key) {
  std::vector<std::uint8_t> keys(16, 0);
  for (unsigned i = 0; i < 8; ++i) {
    keys[i] = static_cast<std::uint8_t>(current >> (8 * i));
    keys[8 + i] = static_cast<std::uint8_t>(key >> (8 * i));
  }
  return any(opcode, 1, keys).at(40, cdw10);
}

TEST(Reservations, AWriteExclusiveHolderIsAlone) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "64KiB"}]}]})");
  Path holder(target, 1);
  LoopHost other_admin(target);
  LoopHost other_io(target);
  Command connecting = connect({.subnqn = kOne, .hostnqn = kOtherHost});
  connecting.data[0] ^= 0xFF;  // another HOSTID
  const auto cntlid = static_cast<std::uint16_t>(other_admin.run(connecting).result & 0xFFFF);
  other_admin.run(property_set(0x14, 0x00460001));
  connecting = connect({.subnqn = kOne, .hostnqn = kOtherHost, .qid = 1, .cntlid = cntlid});
  connecting.data[0] ^= 0xFF;
  ASSERT_EQ(other_io.run(connecting).status, 0);

  EXPECT_EQ(holder.io.run(reserve(0x11, 1 << 8, 7, 0)).status, 0x083) << "not registered";
  EXPECT_EQ(holder.io.run(reserve(0x0D, 0, 0, 7)).status, 0);
  EXPECT_EQ(other_io.run(reserve(0x0D, 0, 0, 9)).status, 0);
  EXPECT_EQ(holder.io.run(reserve(0x11, 1 << 8, 7, 0)).status, 0);
  EXPECT_EQ(other_io.run(reserve(0x11, 1 << 8, 9, 0)).status, 0x083);
  const std::vector<std::uint8_t> data(512, 1);
  EXPECT_EQ(holder.io.run(write(0, data, true)).status, 0);
  EXPECT_EQ(other_io.run(write(0, data, true)).status, 0x083);
  EXPECT_EQ(other_io.run(read(0, 1)).status, 0);
  const Answer report = other_io.run(fetch(0x0E, 1, 256).at(40, 63U).at(44, 1U));
  EXPECT_EQ(report.status, 0);
  EXPECT_EQ(report.number(4, 1), 1U) << "type";
  EXPECT_EQ(report.number(5, 2), 2U) << "registrants";

  const auto event = holder.admin.submit(plain(0x0C));
  EXPECT_EQ(other_io.run(reserve(0x11, 1 | (1 << 8), 9, 7)).status, 0) << "preempt";
  const auto told = holder.admin.take();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->cid, event);
  EXPECT_EQ(told->result, 0x00800006U);
  const Answer note = holder.admin.run(get_log_page({.lid = 0x80, .length = 64, .rae = false}));
  EXPECT_EQ(note.number(8, 1), 3U) << "reservation preempted";
  EXPECT_EQ(note.number(12, 4), 1U) << "NSID";
  EXPECT_EQ(holder.io.run(write(0, data, true)).status, 0x083);
  EXPECT_EQ(other_io.run(reserve(0x15, 1, 9, 0)).status, 0) << "clear";
  EXPECT_EQ(holder.io.run(write(0, data, true)).status, 0);
}

TEST(Reservations, PreemptAndAbortEndsWhatTheVictimHasUnderWay) {
  LoopTarget target(R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one",
    "namespaces": [{"ram": "64KiB"}, {"ram": "64KiB"}]}]})");
  Path victim(target, 1);
  LoopHost other_admin(target);
  LoopHost other_io(target);
  Command connecting = connect({.subnqn = kOne, .hostnqn = kOtherHost});
  connecting.data[0] ^= 0xFF;  // another HOSTID
  const auto cntlid = static_cast<std::uint16_t>(other_admin.run(connecting).result & 0xFFFF);
  other_admin.run(property_set(0x14, 0x00460001));
  connecting = connect({.subnqn = kOne, .hostnqn = kOtherHost, .qid = 1, .cntlid = cntlid});
  connecting.data[0] ^= 0xFF;
  ASSERT_EQ(other_io.run(connecting).status, 0);
  ASSERT_EQ(victim.io.run(reserve(0x0D, 0, 0, 7)).status, 0);
  ASSERT_EQ(other_io.run(reserve(0x0D, 0, 0, 9)).status, 0);
  ASSERT_EQ(victim.io.run(reserve(0x11, 1 << 8, 7, 0)).status, 0);

  target.engine.faults().add({.kind = FaultKind::delay, .count = 2, .delay_ms = 1000});
  const auto waits = victim.io.submit(read(0, 1));
  Command elsewhere = read(0, 1);
  elsewhere.at(4, std::uint32_t{2});
  const auto untouched = victim.io.submit(elsewhere);
  EXPECT_FALSE(victim.io.take()) << "both are delayed";
  ASSERT_EQ(other_io.run(reserve(0x11, 2 | (1 << 8), 9, 7)).status, 0) << "preempt and abort";
  const auto aborted = victim.io.take();
  ASSERT_TRUE(aborted);
  EXPECT_EQ(aborted->cid, waits);
  EXPECT_EQ(aborted->status, 0x01B);
  EXPECT_FALSE(victim.io.take()) << "the other namespace is none of its business";
  target.pass(Millis(1000));
  const auto done = victim.io.take();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->cid, untouched);
  EXPECT_EQ(done->status, 0);
}

}  // namespace
}  // namespace stas::target::testing
