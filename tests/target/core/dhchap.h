// SPDX-License-Identifier: Apache-2.0
//
// The cryptography of DH-HMAC-CHAP (NVMe base, In-Band Authentication): keys, HMACs, finite field Diffie-Hellman.
// OpenSSL does the work; nothing here knows a message. Secrets never show in an error.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "tests/target/core/result.h"
#include "tests/target/core/wire.h"

struct evp_pkey_st;

namespace stas::target {

/// Hash identifiers of the messages; 0 where a key is used as it is.
enum class DhchapHash : std::uint8_t { none = 0, sha256 = 1, sha384 = 2, sha512 = 3 };

/// Bytes of a digest; 0 for `none`.
std::size_t length_of(DhchapHash hash);
Bytes digest(DhchapHash hash, View data);
/// HMAC over the pieces one after another.
Bytes hmac(DhchapHash hash, View key, std::initializer_list<View> pieces);
Bytes random_bytes(std::size_t count);
bool equal_in_constant_time(View one, View other);
inline View view_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

/// `DHHC-1:<t>:<base64 of key and CRC-32>:`, transformed for one NQN.
Result<Bytes> dhchap_key(std::string_view text, std::string_view nqn);

/// The bytes of a key in base64 with a CRC-32 behind it, as the interchange forms of DH-HMAC-CHAP and TLS carry it.
Result<Bytes> decode_key(std::string_view base64);

/// One side of a key agreement over ffdhe2048 (1) to ffdhe8192 (5), RFC 7919.
class DhExchange {
 public:
  static Result<DhExchange> make(std::uint8_t group);

  [[nodiscard]] const Bytes& public_value() const { return public_; }  ///< big-endian, as long as the prime
  /// The shared secret, as long as the prime; fails if the peer's value is none.
  [[nodiscard]] Result<Bytes> shared_secret(View peer) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };

  std::unique_ptr<evp_pkey_st, Free> key_;
  Bytes public_;
};

}  // namespace stas::target
