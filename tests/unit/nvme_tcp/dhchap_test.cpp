// SPDX-License-Identifier: Apache-2.0
//
// The host's side of DH-HMAC-CHAP against controllers that send what they should not. That it agrees with a controller
// written by somebody else is shown by user_fabric_auth_test.
#include "libstas/nvme_tcp/dhchap.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/core/base/endian.h"
#include "libstas/sys/host/libcrypto.h"

namespace stas::nvme_tcp {
namespace {

constexpr const char* kHost = "nqn.2024-01.org.example:host";
constexpr const char* kSubsystem = "nqn.2024-01.org.example:one";

DhchapConfig keys(bool both = false) {
  DhchapConfig config;
  config.host.key = Secret(std::string(32, 'h'));
  if (both) config.controller.key = Secret(std::string(32, 'c'));
  config.crypto = &libcrypto();
  return config;
}

std::string message(std::uint8_t id, const std::string& transaction, std::size_t size = 16) {
  std::string out(size, '\0');
  out[0] = 1;
  out[1] = static_cast<char>(id);
  return out.replace(4, 2, transaction);
}

// SHA-256 without a group, nonce of 32 bytes.
std::string challenge(const std::string& transaction) {
  auto out = message(0x01, transaction, 48);
  out[6] = 32;
  out[8] = 1;
  put_le(out, 12, std::uint32_t{7});
  return out;
}

struct Exchange {
  DhchapHost host;
  std::string transaction;

  explicit Exchange(const DhchapConfig& config) : host(config, kHost, kSubsystem) {
    const auto negotiate = host.begin();
    EXPECT_TRUE(negotiate.has_value());
    EXPECT_EQ(negotiate->size(), 72U);
    transaction = negotiate->substr(4, 2);
  }
};

TEST(Dhchap, AControllerThatIsNotAskedIsDoneWithSuccess1) {
  Exchange exchange(keys());
  const auto reply = exchange.host.take(challenge(exchange.transaction));
  ASSERT_EQ(reply.size(), 16U + 32 + 32);
  EXPECT_EQ(reply[8], 0) << "no challenge of ours";
  EXPECT_EQ(get_le<std::uint32_t>(reply, 12), 0U);
  EXPECT_FALSE(exchange.host.finished());
  EXPECT_EQ(exchange.host.take(message(0x03, exchange.transaction)), "");
  EXPECT_TRUE(exchange.host.finished());
  EXPECT_FALSE(exchange.host.error().has_value());
}

struct Wrong {
  const char* what;
  std::function<void(std::string&)> spoil;
  std::uint8_t explanation;  // of our Failure2; 0: we say nothing
  ErrorKind kind;
  const char* words;
};

TEST(Dhchap, AWrongChallengeEndsTheExchange) {
  const std::vector<Wrong> rows = {
      {"short", [](std::string& m) { m.resize(15); }, 6, ErrorKind::protocol, "too short"},
      {"nothing", [](std::string& m) { m.clear(); }, 6, ErrorKind::protocol, "too short"},
      {"out of place", [](std::string& m) { m[1] = 3; }, 7, ErrorKind::protocol, "out of place"},
      {"another type", [](std::string& m) { m[0] = 2; }, 7, ErrorKind::protocol, "out of place"},
      {"another exchange", [](std::string& m) { m[4] ^= 1; }, 6, ErrorKind::protocol, "another exchange"},
      {"hash 0", [](std::string& m) { m[8] = 0; }, 4, ErrorKind::protocol, "hash function"},
      {"hash 4", [](std::string& m) { m[8] = 4; }, 4, ErrorKind::protocol, "hash function"},
      {"group 6", [](std::string& m) { m[9] = 6; }, 5, ErrorKind::protocol, "group"},
      {"group without value", [](std::string& m) { m[9] = 1; }, 6, ErrorKind::protocol, "lengths"},
      {"value without group", [](std::string& m) { m += "x", m[10] = 1; }, 6, ErrorKind::protocol, "lengths"},
      {"value beyond the end", [](std::string& m) { m[9] = 1, m[11] = 1; }, 6, ErrorKind::protocol, "lengths"},
      {"nonce cut", [](std::string& m) { m.pop_back(); }, 6, ErrorKind::protocol, "lengths"},
      {"nonce of another hash", [](std::string& m) { m[6] = 48; }, 6, ErrorKind::protocol, "lengths"},
      {"value of one byte", [](std::string& m) { m += '\1', m[9] = 1, m[10] = 1; }, 6, ErrorKind::protocol,
       "ffdhe2048"},
      {"value 0", [](std::string& m) { m += std::string(256, '\0'), m[9] = 1, m[11] = 1; }, 6, ErrorKind::protocol,
       "ffdhe2048"},
      {"value above the prime", [](std::string& m) { m += std::string(256, '\xFF'), m[9] = 1, m[11] = 1; }, 6,
       ErrorKind::protocol, "ffdhe2048"},
      {"failure", [](std::string& m) { m[0] = 0, m[1] = '\xF1', m[6] = 1, m[7] = 1; }, 0, ErrorKind::permission,
       "does not accept our key"},
      {"no group fits", [](std::string& m) { m[0] = 0, m[1] = '\xF1', m[6] = 1, m[7] = 5; }, 0, ErrorKind::permission,
       "none of our Diffie-Hellman groups"},
  };
  for (const auto& row : rows) {
    Exchange exchange(keys());
    auto wrong = challenge(exchange.transaction);
    row.spoil(wrong);
    auto answer = exchange.host.take(wrong);
    if (const auto wanted = exchange.host.wanted()) {
      EXPECT_EQ(answer, "") << row.what;
      answer = exchange.host.agreed(libcrypto().agree(wanted->group, wanted->peer));
    }
    EXPECT_TRUE(exchange.host.finished()) << row.what;
    ASSERT_TRUE(exchange.host.error().has_value()) << row.what;
    EXPECT_EQ(exchange.host.error()->kind, row.kind) << row.what;
    EXPECT_NE(exchange.host.error()->text.find(row.words), std::string::npos)
        << row.what << ": " << exchange.host.error()->text;
    if (row.explanation == 0) {
      EXPECT_EQ(answer, "") << row.what;
      continue;
    }
    ASSERT_EQ(answer.size(), 16U) << row.what;
    EXPECT_EQ(answer.substr(0, 2), std::string("\0\xF0", 2)) << row.what;
    EXPECT_EQ(answer.substr(4, 2), exchange.transaction) << row.what;
    EXPECT_EQ(static_cast<std::uint8_t>(answer[7]), row.explanation) << row.what;
  }
}

TEST(Dhchap, AControllerThatDoesNotProveItselfIsNotBelieved) {
  const auto refused = [](const std::function<void(std::string&)>& spoil) {
    Exchange exchange(keys(true));
    const auto reply = exchange.host.take(challenge(exchange.transaction));
    EXPECT_EQ(reply[8], 1);
    auto success = message(0x03, exchange.transaction, 48);
    success[6] = 32;
    success[8] = 1;
    spoil(success);
    const auto answer = exchange.host.take(success);
    EXPECT_TRUE(exchange.host.finished());
    return exchange.host.error().value_or(Error{}).kind == ErrorKind::permission && answer.size() == 16 &&
           static_cast<std::uint8_t>(answer[1]) == 0xF0 && answer[7] == 1;
  };
  EXPECT_TRUE(refused([](std::string&) {})) << "a response of zeroes";
  EXPECT_TRUE(refused([](std::string& m) { m[8] = 0; })) << "says that it was not asked";
  EXPECT_TRUE(refused([](std::string& m) { m.resize(16); })) << "no response";
  EXPECT_TRUE(refused([](std::string& m) { m[6] = 0; })) << "an empty response";
}

TEST(Dhchap, NoErrorShowsAKey) {
  Exchange exchange(keys(true));
  exchange.host.take(challenge(exchange.transaction));
  exchange.host.take(message(0x03, exchange.transaction, 48));
  EXPECT_EQ(exchange.host.error()->text.find("hhhh"), std::string::npos);
  EXPECT_EQ(exchange.host.error()->text.find("cccc"), std::string::npos);
}

}  // namespace
}  // namespace stas::nvme_tcp
