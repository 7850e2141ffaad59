// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/pdu.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/nvme_tcp/wire_peer.h"

namespace stas::nvme_tcp {
namespace {

constexpr Digests kBoth{true, true};

Checked<std::optional<Pdu>> decode(std::string_view bytes, Digests digests = {}) {
  Decoder decoder;
  decoder.set_digests(digests);
  decoder.feed(bytes);
  return decoder.next();
}

TEST(PduEncode, IcReqAsksForTheDigests) {
  const auto pdu = encode_ic_req({true, false});
  ASSERT_EQ(pdu.size(), 128U);
  EXPECT_EQ(get_le<std::uint8_t>(pdu, 0), 0);
  EXPECT_EQ(get_le<std::uint8_t>(pdu, 2), 128);
  EXPECT_EQ(get_le<std::uint32_t>(pdu, 4), 128U);
  EXPECT_EQ(get_le<std::uint8_t>(pdu, 11), 1);
  EXPECT_EQ(get_le<std::uint8_t>(encode_ic_req(kBoth), 11), 3);
}

TEST(PduEncode, CommandWithoutData) {
  const auto pdu = encode_command(std::string(64, 'q'), "", {}, 0);
  ASSERT_EQ(pdu.size(), 72U);
  EXPECT_EQ(pdu.substr(0, 8), std::string("\x04\x00\x48\x00\x48\x00\x00\x00", 8));
  EXPECT_EQ(pdu.substr(8), std::string(64, 'q'));
}

TEST(PduEncode, CommandWithDataAndDigestsIsAligned) {
  struct Row {
    Digests digests;
    std::uint8_t cpda;
    std::size_t pdo;
  };
  for (const auto& row : std::vector<Row>{
           {{}, 0, 72}, {kBoth, 0, 76}, {{}, 31, 128}, {kBoth, 31, 128}, {{}, 1, 72}, {{true, false}, 1, 80}}) {
    const std::string data(10, 'd');
    const auto pdu = encode_command(std::string(64, 'q'), data, row.digests, row.cpda);
    EXPECT_EQ(get_le<std::uint8_t>(pdu, 3), row.pdo);
    EXPECT_EQ(pdu.substr(row.pdo, 10), data);
    EXPECT_EQ(pdu.size(), row.pdo + 10 + (row.digests.data ? 4 : 0));
    EXPECT_EQ(get_le<std::uint32_t>(pdu, 4), pdu.size());
    if (row.digests.header) {
      EXPECT_EQ(get_le<std::uint32_t>(pdu, 72), crc32c(pdu.substr(0, 72)));
    }
    if (row.digests.data) {
      EXPECT_EQ(get_le<std::uint32_t>(pdu, row.pdo + 10), crc32c(data));
    }
  }
}

TEST(PduEncode, TermReqCarriesTheOffendingHeaderBounded) {
  const auto pdu = encode_h2c_term_req({FatalStatus::header_digest_error, 0x12345678, "x", std::string(500, 'h')});
  EXPECT_EQ(pdu.size(), kMaxTermLength);
  EXPECT_EQ(get_le<std::uint8_t>(pdu, 0), 2);
  EXPECT_EQ(get_le<std::uint8_t>(pdu, 2), 24);
  EXPECT_EQ(get_le<std::uint32_t>(pdu, 4), pdu.size());
  EXPECT_EQ(get_le<std::uint16_t>(pdu, 8), 3);
  EXPECT_EQ(get_le<std::uint32_t>(pdu, 10), 0x12345678U);
  EXPECT_EQ(pdu.substr(24), std::string(128, 'h'));
}

TEST(PduDecode, WaitsForTheLastByte) {
  const auto bytes = peer::data({7, 16, true, false}, "some data", true);
  Decoder decoder;
  decoder.set_digests(kBoth);
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    decoder.feed(bytes.substr(i, 1));
    const auto pdu = decoder.next();
    ASSERT_TRUE(pdu.has_value()) << i;
    ASSERT_FALSE(pdu->has_value()) << i;
  }
  decoder.feed(bytes.substr(bytes.size() - 1));
  const auto pdu = decoder.next();
  ASSERT_TRUE(pdu.has_value() && pdu->has_value());
  const auto& data = std::get<C2hData>(**pdu);
  EXPECT_EQ(data.cid, 7);
  EXPECT_EQ(data.offset, 16U);
  EXPECT_EQ(data.data, "some data");
  EXPECT_TRUE(data.last);
  EXPECT_FALSE(data.success);
  EXPECT_TRUE(data.digest_ok);
  EXPECT_FALSE(decoder.next()->has_value());
}

TEST(PduDecode, GivesSeveralPdusOfOnePortion) {
  Decoder decoder;
  decoder.feed(peer::response(1) + peer::response(2) + peer::r2t(3, 4, 5, 6));
  EXPECT_EQ(get_le<std::uint16_t>(std::string_view(std::get<CapsuleResp>(**decoder.next()).cqe.data(), 16), 12), 1);
  EXPECT_EQ(get_le<std::uint16_t>(std::string_view(std::get<CapsuleResp>(**decoder.next()).cqe.data(), 16), 12), 2);
  const auto request = std::get<R2t>(**decoder.next());
  EXPECT_EQ(request.cid, 3);
  EXPECT_EQ(request.tag, 4);
  EXPECT_EQ(request.offset, 5U);
  EXPECT_EQ(request.length, 6U);
  EXPECT_FALSE(decoder.next()->has_value());
}

TEST(PduDecode, KeepsNoRoomForWhatIsDecoded) {
  Decoder decoder;
  const auto large = peer::data({1, 0, true, false}, std::string(100'000, 'd'));
  for (int i = 0; i < 3; ++i) {
    decoder.feed(large.substr(0, large.size() / 2));
    ASSERT_FALSE(decoder.next()->has_value());
    decoder.feed(large.substr(large.size() / 2) + peer::response(1));
    ASSERT_EQ(std::get<C2hData>(**decoder.next()).data.size(), 100'000U);
    EXPECT_GT(decoder.room(), large.size());
    ASSERT_TRUE(decoder.next()->has_value());
    EXPECT_LE(decoder.room(), Decoder::kKept);
  }
  decoder.feed(peer::response(2));
  ASSERT_TRUE(decoder.next()->has_value());
  const auto room = decoder.room();
  decoder.feed(peer::response(3));
  EXPECT_EQ(decoder.room(), room) << "small ones need no new memory each time";
}

TEST(PduDecode, IcRespNeverHasDigests) {
  const auto pdu = decode(peer::ic_resp(3, 5, 8192, 0));
  const auto& response = std::get<IcResp>(**pdu);
  EXPECT_EQ(response.cpda, 5);
  EXPECT_EQ(response.digests, kBoth);
  EXPECT_EQ(response.max_h2c_data, 8192U);
}

TEST(PduDecode, WrongDataDigestIsToldNotFatal) {
  auto bytes = peer::data({1, 0, true, false}, "data", true);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const auto pdu = decode(bytes, kBoth);
  ASSERT_TRUE(pdu.has_value() && pdu->has_value());
  EXPECT_FALSE(std::get<C2hData>(**pdu).digest_ok);
}

TEST(PduDecode, HonoursDataOffset) {
  auto bytes = peer::header(0x07, 4, 24, 64, 68);
  put_le(bytes, 16, std::uint32_t{4});
  bytes += std::string(40, 'p') + "data";
  EXPECT_EQ(std::get<C2hData>(**decode(bytes)).data, "data");
}

std::string with(std::string bytes, std::size_t offset, char value) {
  bytes[offset] = value;
  return bytes;
}

TEST(PduDecode, MalformedPdusAreViolations) {
  const auto data = peer::data({1, 0, true, false}, "data");
  const auto digested = peer::response(1, 0, 0, false, true);
  struct Row {
    const char* what;
    std::string bytes;
    Digests digests;
    FatalStatus status;
  };
  using enum FatalStatus;
  const std::vector<Row> rows = {
      {"unknown type", with(peer::response(1), 0, 0x42), {}, invalid_header_field},
      {"type of the host", with(peer::response(1), 0, 0x04), {}, invalid_header_field},
      {"wrong HLEN", with(peer::response(1), 2, 23), {}, invalid_header_field},
      {"PLEN below HLEN", with(peer::response(1), 4, 23), {}, invalid_header_field},
      {"PLEN 0", with(peer::response(1), 4, 0), {}, invalid_header_field},
      {"PLEN of a response too long", with(peer::response(1), 4, 25), {}, invalid_header_field},
      {"PLEN gigantic", with(data, 7, 0x7F), {}, invalid_header_field},
      {"IcResp of another length", with(peer::ic_resp(), 5, 1), {}, invalid_header_field},
      {"digest flag without digests", digested, {}, invalid_header_field},
      {"no digest flag with digests", peer::response(1), {true, false}, invalid_header_field},
      {"wrong header digest", with(digested, 27, 0), {true, false}, header_digest_error},
      {"data digest flag without data digests", with(data, 1, 4 | 2), {}, invalid_header_field},
      {"no data digest flag with data digests", data, {false, true}, invalid_header_field},
      {"PDO inside the header", with(data, 3, 20), {}, invalid_header_field},
      {"PDO beyond 128", with(data, 3, static_cast<char>(132)), {}, invalid_header_field},
      {"PDO not a multiple of 4", with(data, 3, 25), {}, invalid_header_field},
      {"DATAL longer than the PDU", with(data, 16, 5), {}, invalid_header_field},
      {"DATAL shorter than the PDU", with(data, 16, 3), {}, invalid_header_field},
      {"DATAL gigantic", with(data, 19, static_cast<char>(0xFF)), {}, invalid_header_field},
      {"no data", peer::data({1, 0, true, false}, ""), {}, invalid_header_field},
      {"TermReq too long", peer::header(0x03, 0, 24, 0, 153) + std::string(200, 'x'), {}, invalid_header_field},
  };
  for (const auto& row : rows) {
    const auto pdu = decode(row.bytes, row.digests);
    ASSERT_FALSE(pdu.has_value()) << row.what;
    EXPECT_EQ(pdu.error().status, row.status) << row.what << ": " << pdu.error().text;
    EXPECT_FALSE(pdu.error().text.empty()) << row.what;
    EXPECT_LE(encode_h2c_term_req(pdu.error()).size(), kMaxTermLength) << row.what;
  }
}

TEST(PduDecode, LengthIsJudgedBeforeTheBodyArrives) {
  auto bytes = peer::header(0x07, 4, 24, 24, 0x40000000);
  EXPECT_FALSE(decode(bytes.substr(0, 8)).has_value());
}

}  // namespace
}  // namespace stas::nvme_tcp
