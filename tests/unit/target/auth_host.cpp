// SPDX-License-Identifier: Apache-2.0
//
// A host that authenticates.
#include "tests/unit/target/auth_host.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

namespace stas::target::testing {
namespace {

using Octets = std::vector<std::uint8_t>;

const EVP_MD* function_of(int hash) { return hash == 3 ? EVP_sha512() : hash == 2 ? EVP_sha384() : EVP_sha256(); }

Octets mac(int hash, const Octets& key, const Octets& message) {
  Octets out(static_cast<std::size_t>(EVP_MD_get_size(function_of(hash))));
  unsigned length = 0;
  HMAC(function_of(hash), key.data(), static_cast<int>(key.size()), message.data(), message.size(), out.data(),
       &length);
  return out;
}

Octets hashed(int hash, const Octets& message) {
  Octets out(static_cast<std::size_t>(EVP_MD_get_size(function_of(hash))));
  EVP_Digest(message.data(), message.size(), out.data(), nullptr, function_of(hash), nullptr);
  return out;
}

void add(Octets& to, const std::string& text) { to.insert(to.end(), text.begin(), text.end()); }
void add(Octets& to, const Octets& bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
void add(Octets& to, std::uint64_t number, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

std::uint32_t crc(const Octets& bytes) {
  std::uint32_t value = ~0U;
  for (const auto byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::uint32_t low = (value ^ (byte >> bit)) & 1U;
      value = (value >> 1) ^ (0xEDB88320U & (0U - low));
    }
  }
  return ~value;
}

/// The key behind its text, transformed for an NQN.
Octets usable(const std::string& text, const std::string& nqn) {
  const std::string coded = text.substr(10, text.size() - 11);
  Octets raw(coded.size());
  const int decoded =
      EVP_DecodeBlock(raw.data(), reinterpret_cast<const std::uint8_t*>(coded.data()), static_cast<int>(coded.size()));
  const auto padding = std::count(coded.begin(), coded.end(), '=');
  raw.resize(static_cast<std::size_t>(decoded - padding) - 4);
  const int transform = text[8] - '0';
  if (transform == 0) return raw;
  Octets message;
  add(message, nqn + "NVMe-over-Fabrics");
  return mac(transform, raw, message);
}

/// Diffie-Hellman with the prime of a group and generator 2.
struct Exchange {
  using Number = std::unique_ptr<BIGNUM, void (*)(BIGNUM*)>;

  explicit Exchange(int group) {
    static const char* const kNames[] = {"", "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"};
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr);
    std::string name = kNames[group];
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), 0),
                               OSSL_PARAM_construct_end()};
    EVP_PKEY_paramgen_init(context);
    EVP_PKEY_CTX_set_params(context, parameters);
    EVP_PKEY* key = nullptr;
    EVP_PKEY_generate(context, &key);
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_FFC_P, &number);
    prime.reset(number);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(context);
    BN_rand(secret.get(), 320, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
  }

  [[nodiscard]] Octets power(const BIGNUM* base) const {
    BN_CTX* scratch = BN_CTX_new();
    const Number result(BN_new(), BN_free);
    BN_mod_exp(result.get(), base, secret.get(), prime.get(), scratch);
    BN_CTX_free(scratch);
    Octets out(static_cast<std::size_t>(BN_num_bytes(prime.get())));
    BN_bn2binpad(result.get(), out.data(), static_cast<int>(out.size()));
    return out;
  }
  [[nodiscard]] Octets own() const {
    const Number two(BN_new(), BN_free);
    BN_set_word(two.get(), 2);
    return power(two.get());
  }
  [[nodiscard]] Octets shared(const Octets& peer) const {
    const Number value(BN_bin2bn(peer.data(), static_cast<int>(peer.size()), nullptr), BN_free);
    return power(value.get());
  }

  Number prime{nullptr, BN_free};
  Number secret{BN_new(), BN_free};
};

Command security(std::uint8_t type) {
  Command command = fabrics_plain(type);
  command.sqe[41] = 1;
  command.sqe[42] = 1;
  command.sqe[43] = 0xE9;
  return command;
}

}  // namespace

std::string make_key(std::size_t length, std::uint8_t seed, int transform) {
  Octets bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::uint8_t>(seed + i * 7);
  const std::uint32_t check = crc(bytes);
  add(bytes, check, 4);
  std::string coded(bytes.size() * 2, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(coded.data()), bytes.data(), static_cast<int>(bytes.size()));
  return "DHHC-1:0" + std::to_string(transform) + ":" + coded.substr(0, static_cast<std::size_t>(size)) + ":";
}

Command auth_send(std::vector<std::uint8_t> message) {
  Command command = security(0x05);
  const auto size = static_cast<std::uint32_t>(message.size());
  command.at(44, size).at(32, size);
  command.sqe[39] = 0x01;
  command.data = std::move(message);
  return command;
}

Command auth_receive(std::uint32_t room) { return security(0x06).at(44, room).at(32, room); }

AuthHost::Outcome AuthHost::authenticate(const std::function<Answer(Command)>& run) const {
  Outcome outcome;
  Octets negotiate(72, 0);
  negotiate[4] = static_cast<std::uint8_t>(transaction & 0xFF);
  negotiate[5] = static_cast<std::uint8_t>(transaction >> 8);
  negotiate[7] = 1;
  negotiate[8] = 1;
  negotiate[10] = static_cast<std::uint8_t>(hashes.size());
  negotiate[11] = static_cast<std::uint8_t>(groups.size());
  std::copy(hashes.begin(), hashes.end(), negotiate.begin() + 12);
  std::copy(groups.begin(), groups.end(), negotiate.begin() + 42);
  outcome.status = run(auth_send(negotiate)).status;
  if (outcome.status != 0) return outcome;

  const Answer challenge = run(auth_receive());
  outcome.status = challenge.status;
  if (challenge.status != 0) return outcome;
  if (challenge.number(0, 2) == 0xF100) {
    outcome.explanation = static_cast<int>(challenge.number(7, 1));
    return outcome;
  }
  if (challenge.number(0, 2) != 0x0101 || challenge.number(4, 2) != transaction) return outcome;
  const auto length = static_cast<std::size_t>(challenge.number(6, 1));
  outcome.hash = static_cast<std::uint8_t>(challenge.number(8, 1));
  outcome.group = static_cast<std::uint8_t>(challenge.number(9, 1));
  const auto value_length = static_cast<std::ptrdiff_t>(challenge.number(10, 2));
  const std::uint64_t sequence = challenge.number(12, 4);
  const auto c1 = challenge.data.begin() + 16;
  const auto width = static_cast<std::ptrdiff_t>(length);
  const Octets first(c1, c1 + width);
  const Octets peer(c1 + width, c1 + width + value_length);

  Octets session;
  Octets own;
  if (outcome.group != 0) {
    const Exchange exchange(outcome.group);
    own = exchange.own();
    session = hashed(outcome.hash, exchange.shared(peer));
  }
  const auto mixed = [&](const Octets& nonce) { return session.empty() ? nonce : mac(outcome.hash, session, nonce); };
  const auto response = [&](const std::string& secret, const Octets& nonce, std::uint64_t number, const char* label,
                            const std::string& speaker, const std::string& listener) {
    Octets message = mixed(nonce);
    add(message, number, 4);
    add(message, transaction, 2);
    add(message, 0, 1);
    add(message, label);
    add(message, speaker);
    add(message, 0, 1);
    add(message, listener);
    return mac(outcome.hash, usable(secret, speaker), message);
  };

  const bool both = !controller_key.empty();
  Octets second(length, 0);
  if (both) RAND_bytes(second.data(), static_cast<int>(length));
  constexpr std::uint32_t kOwnSequence = 0x01020304;
  Octets reply(16, 0);
  reply[0] = 1;
  reply[1] = 2;
  reply[4] = negotiate[4];
  reply[5] = negotiate[5];
  reply[6] = static_cast<std::uint8_t>(length);
  reply[8] = both ? 1 : 0;
  reply[10] = static_cast<std::uint8_t>(own.size() & 0xFF);
  reply[11] = static_cast<std::uint8_t>(own.size() >> 8);
  for (unsigned i = 0; i < 4; ++i) reply[12 + i] = static_cast<std::uint8_t>(kOwnSequence >> (8 * i));
  add(reply, response(key, first, sequence, "HostHost", hostnqn, subnqn));
  add(reply, second);
  add(reply, own);
  outcome.status = run(auth_send(reply)).status;
  if (outcome.status != 0) return outcome;

  const Answer success = run(auth_receive());
  outcome.status = success.status;
  if (success.status != 0) return outcome;
  if (success.number(0, 2) == 0xF100) {
    outcome.explanation = static_cast<int>(success.number(7, 1));
    return outcome;
  }
  outcome.authenticated = success.number(0, 2) == 0x0301 && success.number(6, 1) == length;
  if (!both) return outcome;
  const Octets expected = response(controller_key, second, kOwnSequence, "Controller", subnqn, hostnqn);
  const auto r2 = success.data.begin() + 16;
  outcome.controller_is_right = success.number(8, 1) == 1 && std::equal(expected.begin(), expected.end(), r2);
  Octets last(16, 0);
  last[0] = outcome.controller_is_right ? 1 : 0;
  last[1] = outcome.controller_is_right ? 0x04 : 0xF0;
  last[4] = negotiate[4];
  last[5] = negotiate[5];
  if (!outcome.controller_is_right) {
    last[6] = 1;
    last[7] = 1;
  }
  outcome.status = run(auth_send(last)).status;
  return outcome;
}

}  // namespace stas::target::testing
