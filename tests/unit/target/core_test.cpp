// SPDX-License-Identifier: Apache-2.0
//
// The pure pieces of the target: digest, properties, events, faults, DIM data, PDU reader.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/target/core/buffers.h"
#include "tests/target/core/dim.h"
#include "tests/target/core/events.h"
#include "tests/target/core/fault.h"
#include "tests/target/core/nqn.h"
#include "tests/target/core/properties.h"
#include "tests/target/transport/crc32c.h"
#include "tests/target/transport/pdu.h"
#include "tests/unit/target/host_commands.h"

namespace stas::target {
namespace {

Bytes sequence(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

TEST(Buffers, AreUsedAgainAndOnlySomeAreKept) {
  constexpr std::size_t kSize = 131072, kMany = 200;  // more than are kept
  Bytes one = take_buffer(kSize);
  EXPECT_EQ(one.size(), kSize);
  const auto* at = one.data();
  give_buffer(std::move(one));
  Bytes smaller = take_buffer(kSize / 2);
  EXPECT_EQ(smaller.data(), at);
  EXPECT_EQ(smaller.size(), kSize / 2);
  Bytes larger = take_buffer(kSize * 2);
  EXPECT_EQ(larger.size(), kSize * 2);
  give_buffer(std::move(smaller));

  std::vector<Bytes> all;
  for (std::size_t i = 0; i < kMany; ++i) all.push_back(take_buffer(kSize));
  std::set<const std::uint8_t*> given;
  for (Bytes& bytes : all) {
    given.insert(bytes.data());
    give_buffer(std::move(bytes));
  }
  std::size_t again = 0;
  std::vector<Bytes> taken;
  for (std::size_t i = 0; i < kMany; ++i) {
    taken.push_back(take_buffer(kSize));
    if (given.contains(taken.back().data())) ++again;
  }
  EXPECT_GE(again, 32U) << "enough for a queue depth of 32";
}

TEST(Nqn, TheFormalDefinition) {
  const std::string uuid = "nqn.2014-08.org.nvmexpress:uuid:";
  for (const std::string& good :
       {std::string("nqn.2014-08.org.nvmexpress.discovery"), uuid + "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5",
        std::string("nqn.2016-06.io.spdk:cnode1"), std::string("nqn.2024-12.com.a-b.c9:x:y"),
        std::string("nqn.2024-01.org.example:\xC3\xA4"), "nqn.2024-01.org:" + std::string(207, 'x')}) {
    EXPECT_EQ(flaw_of_nqn(good), nullptr) << good << ' ' << flaw_of_nqn(good);
  }
  const std::pair<std::string, const char*> bad[] = {
      {"", "does not begin"},
      {"iqn.2024-01.org.example:x", "does not begin"},
      {"nqn.2024-01.org:" + std::string(208, 'x'), "longer than 223"},
      {uuid + "2cd2c43b-a90a-45c1-a8cd-86b33ab273b", "UUID"},
      {uuid + "2cd2c43bxa90a-45c1-a8cd-86b33ab273b5", "UUID"},
      {"nqn.24-01.org.example:x", "year and month"},
      {"nqn.2024-13.org.example:x", "year and month"},
      {"nqn.2024-00.org.example:x", "year and month"},
      {"nqn.2024-01org.example:x", "year and month"},
      {"nqn.2024-01.org.example", "behind a colon"},
      {"nqn.2024-01.org.example:", "behind a colon"},
      {"nqn.2024-01.:x", "domain name"},
      {"nqn.2024-01.org..example:x", "domain name"},
      {"nqn.2024-01.org.9example:x", "domain name"},
      {"nqn.2024-01.org.example-:x", "domain name"},
      {"nqn.2024-01." + std::string(64, 'x') + ":x", "domain name"},
      {"nqn.2024-01.org.example:\xC3", "UTF-8"},
      {"nqn.2024-01.org.example:\xC0\x80", "UTF-8"},
  };
  for (const auto& [name, words] : bad) {
    const char* flaw = flaw_of_nqn(name);
    ASSERT_NE(flaw, nullptr) << name;
    EXPECT_NE(std::string(flaw).find(words), std::string::npos) << name << ' ' << flaw;
  }
}

TEST(Crc32c, MatchesKnownVectors) {
  const std::string digits = "123456789";
  Bytes response(24, 0);
  response[0] = 5;
  response[1] = 1;
  response[2] = 0x18;
  response[4] = 0x1C;
  const struct {
    const char* name;
    Bytes input;
    std::uint32_t digest;
  } rows[] = {
      {"nine digits", Bytes(digits.begin(), digits.end()), 0xE3069283},
      {"32 zeroes", Bytes(32, 0x00), 0x8A9136AA},
      {"32 ones", Bytes(32, 0xFF), 0x62A8AB43},
      {"counting up", sequence(32), 0x46DD794E},
      {"a response header", response, 0x8903129B},
      {"nothing", {}, 0},
  };
  for (const auto& row : rows) EXPECT_EQ(crc32c(row.input), row.digest) << row.name;
}

TEST(Crc32c, ContinuesOverPieces) {
  const Bytes bytes = sequence(100);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const View all(bytes);
    EXPECT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c(all));
  }
}

TEST(Properties, ReadsOnlyWhatExistsInItsSize) {
  const Properties properties(128, 0x00010400, true);
  const struct {
    std::uint32_t offset;
    bool wide;
    std::optional<std::uint64_t> value;
  } rows[] = {
      {0x00, true, 0x000000200F01007F},
      {0x00, false, std::nullopt},
      {0x08, false, 0x00010400},
      {0x08, true, std::nullopt},
      {0x14, false, 0},
      {0x1C, false, 0},
      {0x20, false, std::nullopt},
      {0x68, false, std::nullopt},
      {0xFFFFFFFF, false, std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(properties.read(row.offset, row.wide), row.value) << row.offset;
}

TEST(Properties, EnableResetAndShutdownShowInStatus) {
  Properties properties(128, 0x00010400, true);
  const auto status = [&] { return *properties.read(0x1C, false); };
  EXPECT_EQ(properties.write(0x14, false, 0x00460000), Properties::Effect::none);
  EXPECT_FALSE(properties.is_ready());
  EXPECT_EQ(properties.write(0x14, false, 0x00460001), Properties::Effect::enabled);
  EXPECT_TRUE(properties.is_ready());
  EXPECT_EQ(status(), 1U);
  EXPECT_EQ(properties.write(0x14, false, 0x00464001), Properties::Effect::shutdown);
  EXPECT_EQ(status() & 0xC, 8U) << "shutdown is complete at once";
  EXPECT_EQ(properties.write(0x14, false, 0x00460000), Properties::Effect::reset);
  EXPECT_EQ(status(), 0U);
  EXPECT_EQ(properties.write(0x1C, false, 0), Properties::Effect::refused);
  EXPECT_EQ(properties.write(0x00, true, 0), Properties::Effect::refused);
}

TEST(Properties, EnablingAnIoControllerWithWrongEntrySizesIsFatal) {
  Properties properties(128, 0x00010400, true);
  properties.write(0x14, false, 1);
  EXPECT_TRUE(properties.is_failed());
  EXPECT_FALSE(properties.is_ready());
}

TEST(Events, AreSilentUntilEnabled) {
  Events events;
  ASSERT_TRUE(events.park(7));
  events.raise(Event::discovery_changed);
  EXPECT_FALSE(events.next());
}

TEST(Events, AreSentOnceUntilRearmed) {
  Events events;
  events.configure(1U << 31);
  events.park(1);
  events.park(2);
  events.raise(Event::discovery_changed);
  const auto first = events.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->cid, 1);
  EXPECT_EQ(first->result, 0x0070F002U);
  events.raise(Event::discovery_changed);
  EXPECT_FALSE(events.next());
  events.rearm(0x04);
  events.raise(Event::discovery_changed);
  EXPECT_FALSE(events.next()) << "reading another page does not rearm";
  events.rearm(0x70);
  events.raise(Event::discovery_changed);
  EXPECT_EQ(events.next()->cid, 2);
}

TEST(Events, WaitForARequest) {
  Events events;
  events.configure(1U << 8);
  events.raise(Event::namespace_changed);
  EXPECT_FALSE(events.next());
  events.park(9);
  EXPECT_EQ(events.next()->result, 0x00040002U);
}

TEST(Events, FifthRequestIsTooMany) {
  Events events;
  for (std::uint16_t cid = 0; cid < 4; ++cid) EXPECT_TRUE(events.park(cid));
  EXPECT_FALSE(events.park(4));
  EXPECT_TRUE(events.abort(2));
  EXPECT_FALSE(events.abort(2));
  EXPECT_TRUE(events.park(4));
}

TEST(Faults, StrikeWhereAndAsOftenAsTold) {
  FaultList faults;
  Fault fault;
  fault.kind = FaultKind::status;
  fault.command = fabrics_name(fctype::kConnect);
  fault.skip = 1;
  fault.count = 2;
  fault.listener = 3;
  faults.add(fault);
  const Occasion here{.listener = 3, .command = fabrics_name(fctype::kConnect)};
  EXPECT_FALSE(faults.strike(FaultKind::status, {.listener = 4, .command = fabrics_name(fctype::kConnect)}));
  EXPECT_FALSE(faults.strike(FaultKind::status, {.listener = 3, .command = opcode::kIdentify}));
  EXPECT_FALSE(faults.strike(FaultKind::delay, here));
  EXPECT_FALSE(faults.strike(FaultKind::status, here)) << "skipped";
  EXPECT_TRUE(faults.strike(FaultKind::status, here));
  EXPECT_TRUE(faults.strike(FaultKind::status, here));
  EXPECT_FALSE(faults.strike(FaultKind::status, here)) << "used up";
  EXPECT_TRUE(faults.all().empty());
}

TEST(Faults, CloseWithoutOpcodeStrikesOnlyAtTheStart) {
  FaultList faults;
  Fault fault;
  fault.kind = FaultKind::close;
  faults.add(fault);
  EXPECT_FALSE(faults.strike(FaultKind::close, {.command = opcode::kIdentify}));
  EXPECT_TRUE(faults.strike(FaultKind::close, {}));
}

TEST(Dim, ReadsWhatAHostRegisters) {
  const auto command = testing::dim(0, testing::kHost, "rack 7");
  const auto records = parse_dim(command.data, {.listener = 2, .peer_address = "192.0.2.9"});
  ASSERT_TRUE(records) << records.error().text;
  ASSERT_EQ(records->size(), 1U);
  const DimRecord& record = records->front();
  EXPECT_EQ(record.entity_id, testing::kHost);
  EXPECT_EQ(record.nqn, testing::kHost);
  EXPECT_EQ(record.entity_name, "box");
  EXPECT_EQ(record.entity_version, "Linux 6.1");
  EXPECT_EQ(record.hostid, "10111213-1415-1617-1819-1a1b1c1d1e1f");
  EXPECT_EQ(record.symname, "rack 7");
  EXPECT_EQ(record.traddr, "192.0.2.9") << "an empty address means the source of the connection";
  EXPECT_EQ(record.listener, 2);
}

TEST(Dim, RefusesEveryLyingLength) {
  const Bytes good = testing::dim(0, testing::kHost, "name").data;
  const struct {
    const char* name;
    std::size_t offset;
    std::uint32_t value;
  } rows[] = {
      {"TDL below the head", 0, 1023},
      {"TDL beyond the data", 0, 9999},
      {"no entry", 8, 0},
      {"more entries than data", 8, 2},
      {"endless entries", 8, 0xFFFFFFFF},
      {"unknown format", 16, 3},
      {"unknown entity", 18, 9},
      {"unknown key type", 22, 1},
      {"TEL too short", 2048, 1031},
      {"TEL too long", 2048, 0xFFFFFFFF},
      {"more attributes than TEL", 2052, 3},
      {"attribute length 0", 2058, 0},
      {"attribute beyond TEL", 2058, 0xFFFC},
  };
  for (const auto& row : rows) {
    Bytes data = good;
    if (row.offset == 8 || row.offset == 0 || row.offset == 2048) {
      put32(&data[row.offset], row.value);
    } else {
      put16(&data[row.offset], static_cast<std::uint16_t>(row.value));
    }
    EXPECT_FALSE(parse_dim(data, {})) << row.name;
  }
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(parse_dim(View(good).first(length), {})) << length;
  }
}

TEST(PduReader, NeverReadsBeyondWhatRandomBytesSay) {
  std::mt19937 random(20240101);
  for (int round = 0; round < 3000; ++round) {
    PduReader reader;
    PduSettings settings;
    settings.negotiated = (random() & 1) != 0;
    settings.header_digest = (random() & 1) != 0;
    settings.data_digest = (random() & 1) != 0;
    const std::size_t length = random() % 400;
    const auto room = reader.room(length + 1);
    for (std::size_t i = 0; i < length; ++i) room[i] = static_cast<std::uint8_t>(random());
    // Plausible starts get further than noise.
    constexpr std::uint8_t kTypes[] = {0x00, 0x02, 0x04, 0x06};
    if (length > 8 && (random() & 1) != 0) {
      room[0] = kTypes[random() % 4];
      room[2] = room[0] == 0x04 ? 72 : 24;
      put32(&room[4], static_cast<std::uint32_t>(random() % 300));
    }
    reader.grow(length);
    for (int i = 0; i < 50; ++i) {
      const auto next = reader.next(settings);
      if (!std::holds_alternative<Pdu>(next)) break;
      EXPECT_LE(std::get<Pdu>(next).data.size(), settings.max_h2c_data);
    }
  }
}

}  // namespace
}  // namespace stas::target
