// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL's digests, MACs and DH behind plain values.
#include "tests/target/core/dhchap.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>

namespace stas::target {
namespace {

const char* name_of(DhchapHash hash) {
  switch (hash) {
    case DhchapHash::sha384:
      return "SHA384";
    case DhchapHash::sha512:
      return "SHA512";
    case DhchapHash::sha256:
    case DhchapHash::none:
      break;
  }
  return "SHA256";
}

/// CRC-32 of IEEE 802.3, as keys carry it.
std::uint32_t crc32(View data) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : data) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

struct Freer {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

}  // namespace

std::size_t length_of(DhchapHash hash) {
  switch (hash) {
    case DhchapHash::sha256:
      return 32;
    case DhchapHash::sha384:
      return 48;
    case DhchapHash::sha512:
      return 64;
    case DhchapHash::none:
      break;
  }
  return 0;
}

Bytes digest(DhchapHash hash, View data) {
  Bytes out(length_of(hash));
  EVP_Q_digest(nullptr, name_of(hash), nullptr, data.data(), data.size(), out.data(), nullptr);
  return out;
}

Bytes hmac(DhchapHash hash, View key, std::initializer_list<View> pieces) {
  Bytes out(length_of(hash));
  const std::unique_ptr<EVP_MAC, Freer> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  const std::unique_ptr<EVP_MAC_CTX, Freer> context(EVP_MAC_CTX_new(mac.get()));
  std::string name = name_of(hash);
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), name.size()), OSSL_PARAM_construct_end()};
  EVP_MAC_init(context.get(), key.data(), key.size(), parameters.data());
  for (const View piece : pieces) EVP_MAC_update(context.get(), piece.data(), piece.size());
  std::size_t length = 0;
  EVP_MAC_final(context.get(), out.data(), &length, out.size());
  return out;
}

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  RAND_bytes(out.data(), static_cast<int>(count));
  return out;
}

bool equal_in_constant_time(View one, View other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

Result<Bytes> decode_key(std::string_view base64) {
  constexpr std::size_t kCrc = 4, kLongest = 128;
  if (base64.empty() || base64.size() % 4 != 0 || base64.size() > kLongest) return problem("is no base64");
  Bytes raw(base64.size() / 4 * 3);
  const int decoded = EVP_DecodeBlock(raw.data(), reinterpret_cast<const unsigned char*>(base64.data()),
                                      static_cast<int>(base64.size()));
  if (decoded < 0) return problem("is no base64");
  for (auto it = base64.rbegin(); it != base64.rend() && *it == '=' && !raw.empty(); ++it) raw.pop_back();
  if (raw.size() <= kCrc) return problem("is too short");
  const std::size_t length = raw.size() - kCrc;
  if (crc32(View(raw).first(length)) != get32(&raw[length])) return problem("its checksum is wrong");
  raw.resize(length);
  return raw;
}

Result<Bytes> dhchap_key(std::string_view text, std::string_view nqn) {
  constexpr std::string_view kPrefix = "DHHC-1:";
  const bool framed = text.size() > 11 && text.substr(0, 7) == kPrefix && text[7] == '0' && text[8] >= '0' &&
                      text[8] <= '3' && text[9] == ':' && text.back() == ':';
  if (!framed) return problem("a DH-HMAC-CHAP key is not of the form DHHC-1:..:...:");
  const auto transform = static_cast<DhchapHash>(text[8] - '0');
  const auto key = decode_key(text.substr(10, text.size() - 11));
  if (!key) return problem("a DH-HMAC-CHAP key: " + key.error().text);
  if (key->size() != 32 && key->size() != 48 && key->size() != 64) {
    return problem("a DH-HMAC-CHAP key holds neither 32, 48 nor 64 bytes");
  }
  if (transform == DhchapHash::none) return *key;
  return hmac(transform, *key, {view_of(nqn), view_of("NVMe-over-Fabrics")});
}

void DhExchange::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<DhExchange> DhExchange::make(std::uint8_t group) {
  constexpr std::array<const char*, 5> kGroups{"ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"};
  if (group < 1 || group > kGroups.size()) return problem("no such DH group");
  const std::unique_ptr<EVP_PKEY_CTX, Freer> context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  std::string name = kGroups[group - 1U];
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_params(context.get(), parameters.data()) != 1 || EVP_PKEY_keygen(context.get(), &made) != 1) {
    return problem("no DH key of group " + name);
  }
  DhExchange exchange;
  exchange.key_.reset(made);
  unsigned char* encoded = nullptr;
  const std::size_t length = EVP_PKEY_get1_encoded_public_key(made, &encoded);
  exchange.public_.assign(encoded, encoded + length);
  OPENSSL_free(encoded);
  return exchange;
}

Result<Bytes> DhExchange::shared_secret(View peer) const {
  const std::unique_ptr<EVP_PKEY, Freer> other(EVP_PKEY_new());
  const std::unique_ptr<EVP_PKEY_CTX, Freer> context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  Bytes secret(public_.size());
  std::size_t length = secret.size();
  if (EVP_PKEY_copy_parameters(other.get(), key_.get()) != 1 ||
      EVP_PKEY_set1_encoded_public_key(other.get(), peer.data(), peer.size()) != 1 ||
      EVP_PKEY_derive_init(context.get()) != 1) {
    return problem("the peer's DH value is none");
  }
  const unsigned pad = 1;  // leading zeroes belong to the secret
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, const_cast<unsigned*>(&pad)), OSSL_PARAM_construct_end()};
  if (EVP_PKEY_CTX_set_params(context.get(), parameters.data()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), other.get()) != 1 ||
      EVP_PKEY_derive(context.get(), secret.data(), &length) != 1) {
    return problem("the peer's DH value is none");
  }
  secret.resize(length);
  return secret;
}

}  // namespace stas::target
