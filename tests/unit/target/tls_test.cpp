// SPDX-License-Identifier: Apache-2.0
//
// A listener behind TLS 1.3 with pre-shared keys, against OpenSSL as a client and key derivation of our own from HMACs:
// both identity versions, both ciphers, retained keys, hosts without or with another key, who may be whom.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "tests/target/target_thread.h"
#include "tests/unit/target/host_commands.h"

namespace stas::target::testing {
namespace {

std::string hmac_of(bool long_hash, const std::string& key, const std::string& message) {
  std::string out(long_hash ? 48 : 32, '\0');
  unsigned length = 0;
  HMAC(long_hash ? EVP_sha384() : EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
       reinterpret_cast<unsigned char*>(out.data()), &length);
  return out;
}

/// RFC 5869 and RFC 8446 7.1; one block is enough for keys as long as the hash.
std::string derive(bool long_hash, const std::string& key, const std::string& label, const std::string& context) {
  const std::string extracted = hmac_of(long_hash, std::string(long_hash ? 48 : 32, '\0'), key);
  const std::string full = "tls13 " + label;
  std::string info{'\0', static_cast<char>(key.size())};
  info += static_cast<char>(full.size()) + full + static_cast<char>(context.size()) + context;
  return hmac_of(long_hash, extracted, info + '\x01').substr(0, key.size());
}

std::string base64(const std::string& bytes) {
  std::string out(bytes.size() * 2 + 4, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return out.substr(0, static_cast<std::size_t>(size));
}

/// A key of a host: its interchange form, and what follows from it.
struct Key {
  explicit Key(std::size_t length, char seed, int transform = 1) : hash(transform) {
    for (std::size_t i = 0; i < length; ++i) configured += static_cast<char>(seed + static_cast<char>(i * 5));
  }
  [[nodiscard]] std::string interchange() const {
    std::uint32_t crc = ~0U;
    for (const char c : configured) {
      crc ^= static_cast<std::uint8_t>(c);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
    }
    crc = ~crc;
    std::string bytes = configured;
    for (unsigned i = 0; i < 4; ++i) bytes += static_cast<char>(crc >> (8 * i));
    return "NVMeTLSkey-1:0" + std::to_string(hash) + ":" + base64(bytes) + ":";
  }
  [[nodiscard]] bool is_long() const { return configured.size() == 48; }
  [[nodiscard]] std::string retained() const {
    return hash == 0 ? configured : derive(hash == 2, configured, "HostNQN", kHost);
  }
  [[nodiscard]] std::string digest(const std::string& subnqn) const {
    return base64(hmac_of(is_long(), retained(), std::string(kHost) + " " + subnqn + " NVMe-over-Fabrics"));
  }
  [[nodiscard]] std::string identity(int version, const std::string& subnqn) const {
    const std::string plain = "NVMe" + std::to_string(version) + (is_long() ? "R02 " : "R01 ") + kHost + " " + subnqn;
    return version == 0 ? plain : plain + " " + digest(subnqn);
  }
  [[nodiscard]] std::string secret(int version, const std::string& subnqn) const {
    const std::string context = version == 0 ? identity(0, subnqn) : (is_long() ? "02 " : "01 ") + digest(subnqn);
    return derive(is_long(), retained(), "nvme-tls-psk", context);
  }

  std::string configured;
  int hash;
};

/// A host behind TLS, as much of it as shows that commands work.
class TlsHost {
 public:
  TlsHost(const std::string& port, std::string identity, std::string secret)
      : identity_(std::move(identity)),
        secret_(std::move(secret)),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
    SSL_CTX_set_psk_use_session_callback(context_.get(), use);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_fd(ssl_.get(), socket_.get());
  }

  bool handshake() { return SSL_connect(ssl_.get()) == 1; }

  /// ICReq and one command; its answer, or nothing if the target hung up.
  std::optional<Answer> first(const Command& command) {
    std::vector<std::uint8_t> icreq(128, 0);
    icreq[2] = icreq[4] = 128;
    SSL_write(ssl_.get(), icreq.data(), 128);
    if (!receive(128)) return std::nullopt;
    return run(command);
  }

  std::optional<Answer> run(const Command& command) {
    std::vector<std::uint8_t> pdu(72, 0);
    pdu[0] = 4;
    pdu[2] = 72;
    pdu[3] = command.data.empty() ? 0 : 72;
    const auto plen = static_cast<std::uint32_t>(72 + command.data.size());
    std::memcpy(&pdu[4], &plen, sizeof plen);
    std::copy(command.sqe.begin(), command.sqe.end(), pdu.begin() + 8);
    pdu.insert(pdu.end(), command.data.begin(), command.data.end());
    SSL_write(ssl_.get(), pdu.data(), static_cast<int>(pdu.size()));
    std::vector<std::uint8_t> data;
    for (;;) {
      const auto head = receive(24);
      if (!head) return std::nullopt;
      if (head->at(0) == 5) return answer_from(&(*head)[8], data);
      std::uint32_t length = 0;
      std::memcpy(&length, &(*head)[4], sizeof length);
      const auto body = receive(length - 24);
      if (!body) return std::nullopt;
      data.insert(data.end(), body->begin(), body->end());
    }
  }

  [[nodiscard]] std::string cipher() const { return SSL_get_cipher_name(ssl_.get()); }

 private:
  static int use(SSL* ssl, const EVP_MD* /*md*/, const unsigned char** id, std::size_t* length, SSL_SESSION** session) {
    auto& self = *static_cast<TlsHost*>(SSL_get_app_data(ssl));
    const unsigned char suite[] = {0x13, static_cast<unsigned char>(self.secret_.size() == 48 ? 2 : 1)};
    *session = SSL_SESSION_new();
    SSL_SESSION_set1_master_key(*session, reinterpret_cast<const unsigned char*>(self.secret_.data()),
                                self.secret_.size());
    SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, suite));
    SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
    *id = reinterpret_cast<const unsigned char*>(self.identity_.data());
    *length = self.identity_.size();
    return 1;
  }

  std::optional<std::vector<std::uint8_t>> receive(std::size_t count) {
    std::vector<std::uint8_t> bytes(count);
    for (std::size_t at = 0; at < count;) {
      const int got = SSL_read(ssl_.get(), &bytes[at], static_cast<int>(count - at));
      if (got <= 0) return std::nullopt;
      at += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  std::string identity_;
  std::string secret_;
  UniqueFd socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, SSL_free};

 public:
  TlsHost(const TlsHost&) = delete;
  TlsHost& operator=(const TlsHost&) = delete;
};

class Tls : public ::testing::Test {
 protected:
  void start(const Key& key) {
    auto started = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1", "secure": true}], "subsystems": [
      {"nqn": "nqn.2024-01.org.example:one", "tls_keys": [{"host": ")" +
                                       std::string(kHost) + R"(", "key": ")" + key.interchange() + R"("}]},
      {"nqn": "nqn.2024-01.org.example:two"}]})");
    ASSERT_TRUE(started) << started.error().text;
    target_ = std::move(*started);
  }

  std::unique_ptr<TargetThread> target_;
};

TEST_F(Tls, BothIdentitiesCiphersAndFormsOfKeys) {
  for (const Key& key : {Key(32, 1, 0), Key(32, 2, 1), Key(48, 3, 2), Key(48, 4, 0), Key(32, 5, 2)}) {
    ASSERT_NO_FATAL_FAILURE(start(key));
    for (const int version : {0, 1}) {
      TlsHost host(target_->port(), key.identity(version, kOne), key.secret(version, kOne));
      ASSERT_TRUE(host.handshake()) << version << " " << key.hash;
      EXPECT_EQ(host.cipher(), key.is_long() ? "TLS_AES_256_GCM_SHA384" : "TLS_AES_128_GCM_SHA256");
      const auto connected = host.first(connect({.subnqn = kOne}));
      ASSERT_TRUE(connected);
      EXPECT_EQ(connected->status, 0);
      EXPECT_EQ(host.run(property_set(0x14, 0x00460001))->status, 0);
      EXPECT_EQ(host.run(identify(1))->data.size(), 4096U);
    }
  }
}

TEST_F(Tls, NobodyElseGetsIn) {
  const Key key(32, 7);
  const Key other(32, 8);
  ASSERT_NO_FATAL_FAILURE(start(key));
  const struct {
    const char* name;
    std::string identity;
    std::string secret;
  } rows[] = {
      {"another key", key.identity(0, kOne), other.secret(0, kOne)},
      {"another key, as it says itself", other.identity(1, kOne), other.secret(1, kOne)},
      {"a subsystem without keys", key.identity(0, "nqn.2024-01.org.example:two"),
       key.secret(0, "nqn.2024-01.org.example:two")},
      {"no identity of NVMe", "Client_identity", key.secret(0, kOne)},
  };
  for (const auto& row : rows) {
    TlsHost host(target_->port(), row.identity, row.secret);
    EXPECT_FALSE(host.handshake()) << row.name;
  }
  EXPECT_EQ(*target_->call("controllers.list"), "[]");
}

TEST_F(Tls, AHostIsWhoItHasProvenToBe) {
  const Key key(32, 9);
  ASSERT_NO_FATAL_FAILURE(start(key));
  TlsHost host(target_->port(), key.identity(1, kOne), key.secret(1, kOne));
  ASSERT_TRUE(host.handshake());
  EXPECT_EQ(host.first(connect({.subnqn = kOne, .hostnqn = kOtherHost}))->status, 0x184);
  EXPECT_EQ(host.run(connect({.subnqn = "nqn.2024-01.org.example:two"}))->status, 0x182);
  EXPECT_EQ(host.run(connect({.subnqn = kOne}))->status, 0);
  // The discovery service takes any key of the host, and says in its log page that TLS is wanted.
  TlsHost reader(target_->port(), key.identity(1, kWellKnown), key.secret(1, kWellKnown));
  ASSERT_TRUE(reader.handshake());
  EXPECT_EQ(reader.first(connect({}))->status, 0);
  EXPECT_EQ(reader.run(property_set(0x14, 0x00460001))->status, 0);
  const auto page = reader.run(get_log_page({.length = 4096}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->number(2048 + 3, 1) & 3, 1U) << "TREQ: required";
  EXPECT_EQ(page->number(2048 + 768, 1), 2U) << "TSAS: TLS 1.3";
  ASSERT_TRUE(target_->call("host.set_tls_key",
                            R"({"nqn": "nqn.2024-01.org.example:one", "host": ")" + std::string(kHost) + "\"}"));
  TlsHost late(target_->port(), key.identity(1, kOne), key.secret(1, kOne));
  EXPECT_FALSE(late.handshake()) << "the key has been taken back";
}

}  // namespace
}  // namespace stas::target::testing
