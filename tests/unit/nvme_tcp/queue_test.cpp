// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/queue.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/nvme_tcp/wire_peer.h"

namespace stas::nvme_tcp {
namespace {

Command reading(std::uint32_t length) {
  Command command = keep_alive();
  command.read_length = length;
  return command;
}

// A queue after the handshake, its output empty.
TcpQueue ready_queue(Digests digests = {}, std::uint8_t cpda = 0, std::uint32_t max_h2c_data = 4096) {
  TcpQueue queue(digests);
  queue.start();
  (void)queue.take_output();
  const auto bits = static_cast<std::uint8_t>((digests.header ? 1 : 0) | (digests.data ? 2 : 0));
  EXPECT_TRUE(queue.feed(peer::ic_resp(bits, cpda, max_h2c_data)).has_value());
  EXPECT_TRUE(queue.ready());
  return queue;
}

std::string submit(TcpQueue& queue, Token token, Command command) {
  EXPECT_TRUE(queue.submit(token, std::move(command)).has_value());
  return queue.take_output();
}

TEST(TcpQueue, SaysIcReqFirstAndNothingElse) {
  TcpQueue queue(Digests{true, true});
  EXPECT_FALSE(queue.submit(1, keep_alive()).has_value());
  queue.start();
  EXPECT_EQ(queue.take_output(), encode_ic_req({true, true}));
  EXPECT_FALSE(queue.submit(1, keep_alive()).has_value());
  EXPECT_FALSE(queue.ready());
}

TEST(TcpQueue, RefusesUnusableIcResp) {
  struct Row {
    const char* what;
    std::string bytes;
  };
  for (const auto& row : std::vector<Row>{{"version", peer::ic_resp(0, 0, 4096, 1)},
                                          {"digests not asked for", peer::ic_resp(1)},
                                          {"alignment", peer::ic_resp(0, 32)},
                                          {"MAXH2CDATA too small", peer::ic_resp(0, 0, 4092)},
                                          {"MAXH2CDATA odd", peer::ic_resp(0, 0, 4097)},
                                          {"another PDU", peer::response(0)},
                                          {"garbage", std::string(128, 'G')}}) {
    TcpQueue queue(Digests{});
    queue.start();
    (void)queue.take_output();
    const auto fed = queue.feed(row.bytes);
    ASSERT_FALSE(fed.has_value()) << row.what;
    EXPECT_EQ(fed.error().kind, ErrorKind::protocol) << row.what;
    EXPECT_EQ(queue.take_output().at(0), 2) << row.what << ": a terminate request";
    EXPECT_FALSE(queue.feed("x").has_value()) << row.what;
  }
}

TEST(TcpQueue, RefusesIcRespWithoutTheDigestsAskedFor) {
  TcpQueue queue(Digests{true, true});
  queue.start();
  EXPECT_FALSE(queue.feed(peer::ic_resp(1)).has_value());
}

TEST(TcpQueue, MatchesAnswersToCommandsInAnyOrder) {
  auto queue = ready_queue();
  const auto first = peer::cid_of(submit(queue, 100, keep_alive()));
  const auto second = peer::cid_of(submit(queue, 200, keep_alive()));
  EXPECT_NE(first, second);
  ASSERT_TRUE(queue.feed(peer::response(second, 7) + peer::response(first, 8, 0x184, true)).has_value());
  const auto done = queue.take_completions();
  ASSERT_EQ(done.size(), 2U);
  EXPECT_EQ(done[0].token, 200U);
  EXPECT_EQ(done[0].completion.result, 7U);
  EXPECT_TRUE(done[0].completion.ok());
  EXPECT_EQ(done[1].token, 100U);
  EXPECT_EQ(done[1].completion.status, 0x184);
  EXPECT_TRUE(done[1].completion.dnr);
}

TEST(TcpQueue, GathersDataInOrder) {
  auto queue = ready_queue();
  const auto cid = peer::cid_of(submit(queue, 1, reading(8)));
  ASSERT_TRUE(queue.feed(peer::data({cid, 0, false, false}, "abcd")).has_value());
  ASSERT_TRUE(queue.feed(peer::data({cid, 4, true, false}, "efgh") + peer::response(cid)).has_value());
  const auto done = queue.take_completions();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].completion.data, "abcdefgh");
}

TEST(TcpQueue, SuccessFlagReplacesTheResponse) {
  auto queue = ready_queue();
  const auto cid = peer::cid_of(submit(queue, 1, reading(4)));
  ASSERT_TRUE(queue.feed(peer::data({cid, 0, true, true}, "abcd")).has_value());
  ASSERT_EQ(queue.take_completions().size(), 1U);
  EXPECT_FALSE(queue.feed(peer::response(cid)).has_value()) << "the command has ended";
}

TEST(TcpQueue, WrongDataDigestSpoilsOnlyThatCommand) {
  auto queue = ready_queue({true, true});
  const auto cid = peer::cid_of(submit(queue, 1, reading(4)));
  auto data = peer::data({cid, 0, true, false}, "abcd", true);
  data.back() = static_cast<char>(data.back() ^ 1);
  ASSERT_TRUE(queue.feed(data + peer::response(cid, 0, 0, false, true)).has_value());
  const auto done = queue.take_completions();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].completion.status, kStatusTransientTransport);
  EXPECT_EQ(submit(queue, 2, keep_alive()).size(), 76U);
}

TEST(TcpQueue, AnswersThatFitNoCommandEndTheConnection) {
  struct Row {
    const char* what;
    std::string (*make)(std::uint16_t cid);
  };
  const std::vector<Row> rows = {
      {"response to nobody", [](std::uint16_t cid) { return peer::response(static_cast<std::uint16_t>(cid + 1)); }},
      {"response to an id of another generation",
       [](std::uint16_t cid) { return peer::response(static_cast<std::uint16_t>(cid ^ 0x0100)); }},
      {"response to an impossible id", [](std::uint16_t) { return peer::response(0xFFFF); }},
      {"data for nobody",
       [](std::uint16_t) {
         return peer::data({0x00FE, 0, true, false}, "abcd");
       }},
      {"more data than asked for",
       [](std::uint16_t cid) {
         return peer::data({cid, 0, true, false}, "abcdefghi");
       }},
      {"data with a gap",
       [](std::uint16_t cid) {
         return peer::data({cid, 4, true, false}, "abcd");
       }},
      {"data twice",
       [](std::uint16_t cid) {
         return peer::data({cid, 0, false, false}, "abcd") + peer::data({cid, 0, false, false}, "abcd");
       }},
      {"data at a gigantic offset",
       [](std::uint16_t cid) {
         return peer::data({cid, 0xFFFFFFFC, true, false}, "abcd");
       }},
      {"success without last",
       [](std::uint16_t cid) {
         return peer::data({cid, 0, false, true}, "abcd");
       }},
      {"R2T for a command without data", [](std::uint16_t cid) { return peer::r2t(cid, 1, 0, 4); }},
      {"a second ICResp", [](std::uint16_t) { return peer::ic_resp(); }},
  };
  for (const auto& row : rows) {
    auto queue = ready_queue();
    const auto cid = peer::cid_of(submit(queue, 1, reading(8)));
    const auto fed = queue.feed(row.make(cid));
    ASSERT_FALSE(fed.has_value()) << row.what;
    EXPECT_EQ(fed.error().kind, ErrorKind::protocol) << row.what;
    EXPECT_TRUE(queue.take_completions().empty()) << row.what;
  }
}

TEST(TcpQueue, SmallDataGoInTheCapsule) {
  auto queue = ready_queue({}, 1);
  Command command = keep_alive();
  command.data_out = std::string(1024, 'x');
  const auto capsule = submit(queue, 1, command);
  EXPECT_EQ(capsule.size(), 72U + 1024U);
  EXPECT_EQ(get_le<std::uint8_t>(capsule, 8 + 39), 0x01);
  EXPECT_EQ(get_le<std::uint32_t>(capsule, 8 + 32), 1024U);
}

TEST(TcpQueue, LargeDataGoWhenAskedForInBoundedPieces) {
  auto queue = ready_queue();  // MAXH2CDATA 4096
  Command command = keep_alive();
  command.data_out = std::string(8192, 'x') + std::string(1000, 'y');
  const auto capsule = submit(queue, 1, command);
  ASSERT_EQ(capsule.size(), 72U);
  EXPECT_EQ(get_le<std::uint8_t>(capsule, 8 + 39), 0x5A);
  EXPECT_EQ(get_le<std::uint32_t>(capsule, 8 + 32), 9192U);
  const auto cid = peer::cid_of(capsule);
  ASSERT_TRUE(queue.feed(peer::r2t(cid, 77, 0, 9192)).has_value());
  const auto sent = queue.take_output();
  ASSERT_EQ(sent.size(), 3 * 24U + 9192U);
  const auto last = std::string_view(sent).substr(2 * (24 + 4096));
  EXPECT_EQ(get_le<std::uint8_t>(sent, 1), 0) << "not the last";
  EXPECT_EQ(get_le<std::uint8_t>(last, 0), 0x06);
  EXPECT_EQ(get_le<std::uint8_t>(last, 1), 4) << "the last";
  EXPECT_EQ(get_le<std::uint16_t>(last, 10), 77);
  EXPECT_EQ(get_le<std::uint32_t>(last, 12), 8192U);
  EXPECT_EQ(get_le<std::uint32_t>(last, 16), 1000U);
  EXPECT_FALSE(queue.feed(peer::r2t(cid, 78, 0, 4)).has_value()) << "sent already";
}

TEST(TcpQueue, RefusesCommandsBeyondItsSlots) {
  auto queue = ready_queue();
  for (std::size_t i = 0; i < TcpQueue::kSlots; ++i) ASSERT_TRUE(queue.submit(i, keep_alive()).has_value());
  const auto refused = queue.submit(99, keep_alive());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::busy);
}

TEST(TcpQueue, TellsWhyTheControllerTerminated) {
  auto queue = ready_queue();
  auto term = peer::header(0x03, 0, 24, 0, 24);
  put_le(term, 8, std::uint16_t{3});
  const auto fed = queue.feed(term);
  ASSERT_FALSE(fed.has_value());
  EXPECT_EQ(fed.error().kind, ErrorKind::closed);
  EXPECT_NE(fed.error().text.find("header digest error"), std::string::npos);
}

}  // namespace
}  // namespace stas::nvme_tcp
