// SPDX-License-Identifier: Apache-2.0
//
// HKDF with the labels of TLS 1.3, and what NVMe builds on it.
#include "tests/target/tls/psk.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <memory>

#include "tests/target/core/dhchap.h"

namespace stas::target {
namespace {

struct Freer {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

int cipher_of(View key) { return key.size() == 48 ? 2 : 1; }
const char* hash_name(int cipher) { return cipher == 2 ? "SHA384" : "SHA256"; }
std::string two_digits(int cipher) { return cipher == 2 ? "02" : "01"; }

/// HKDF-Extract without a salt, then HKDF-Expand with an HkdfLabel (RFC 8446, 7.1).
Bytes expand_label(const char* hash, View key, std::string_view label, std::string_view context, std::size_t length) {
  Bytes info(2, 0);
  info[0] = static_cast<std::uint8_t>(length >> 8);
  info[1] = static_cast<std::uint8_t>(length & 0xFF);
  const std::string full = "tls13 " + std::string(label);
  info.push_back(static_cast<std::uint8_t>(full.size()));
  info.insert(info.end(), full.begin(), full.end());
  info.push_back(static_cast<std::uint8_t>(context.size()));
  info.insert(info.end(), context.begin(), context.end());

  const std::unique_ptr<EVP_KDF, Freer> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, Freer> computation(EVP_KDF_CTX_new(kdf.get()));
  std::string name = hash;
  Bytes secret(key.begin(), key.end());
  const std::array<OSSL_PARAM, 4> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name.data(), name.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
  Bytes out(length);
  if (EVP_KDF_derive(computation.get(), out.data(), out.size(), parameters.data()) != 1) out.clear();
  return out;
}

std::string digest_of(View retained, std::string_view hostnqn, std::string_view subnqn) {
  const auto hash = cipher_of(retained) == 2 ? DhchapHash::sha384 : DhchapHash::sha256;
  const Bytes raw = hmac(hash, retained,
                         {view_of(hostnqn), view_of(" "), view_of(subnqn), view_of(" "), view_of("NVMe-over-Fabrics")});
  std::string text(raw.size() * 2, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), raw.data(), static_cast<int>(raw.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

std::optional<TlsIdentity> parse_tls_identity(std::string_view text) {
  const auto word = [&text] {
    const auto end = text.find(' ');
    const std::string_view found = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    return std::string(found);
  };
  const std::string head = word();
  const bool framed = head.size() == 8 && head.substr(0, 4) == "NVMe" && (head[4] == '0' || head[4] == '1') &&
                      head[5] == 'R' && head[6] == '0' && (head[7] == '1' || head[7] == '2');
  if (!framed) return std::nullopt;
  TlsIdentity identity{.version = head[4] - '0', .cipher = head[7] - '0'};
  identity.hostnqn = word();
  identity.subnqn = word();
  identity.digest = word();
  const bool complete = !identity.hostnqn.empty() && !identity.subnqn.empty() && text.empty() &&
                        identity.digest.empty() == (identity.version == 0);
  return complete ? std::optional(identity) : std::nullopt;
}

Result<Bytes> retained_tls_key(std::string_view interchange, std::string_view hostnqn) {
  constexpr std::string_view kPrefix = "NVMeTLSkey-1:0";
  const bool framed = interchange.size() > 17 && interchange.starts_with(kPrefix) && interchange[14] >= '0' &&
                      interchange[14] <= '2' && interchange[15] == ':' && interchange.back() == ':';
  if (!framed) return problem("a TLS key is not of the form NVMeTLSkey-1:..:...:");
  const int hash = interchange[14] - '0';
  const auto raw = decode_key(interchange.substr(16, interchange.size() - 17));
  if (!raw) return problem("a TLS key: " + raw.error().text);
  const View key(*raw);
  if (key.size() != 32 && key.size() != 48) return problem("a TLS key holds neither 32 nor 48 bytes");
  if (hash == 0) return *raw;
  return expand_label(hash_name(hash), key, "HostNQN", hostnqn, key.size());
}

std::string tls_identity(View retained, int version, std::string_view hostnqn, std::string_view subnqn) {
  std::string identity = "NVMe" + std::to_string(version) + "R" + two_digits(cipher_of(retained)) + " ";
  identity.append(hostnqn).append(" ").append(subnqn);
  if (version == 1) identity.append(" ").append(digest_of(retained, hostnqn, subnqn));
  return identity;
}

Bytes tls_secret(View retained, int version, std::string_view hostnqn, std::string_view subnqn) {
  const int cipher = cipher_of(retained);
  const std::string context = version == 1 ? two_digits(cipher) + " " + digest_of(retained, hostnqn, subnqn)
                                           : tls_identity(retained, 0, hostnqn, subnqn);
  return expand_label(hash_name(cipher), retained, "nvme-tls-psk", context, retained.size());
}

}  // namespace stas::target
