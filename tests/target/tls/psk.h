// SPDX-License-Identifier: Apache-2.0
//
// Pre-shared keys of NVMe/TCP over TLS 1.3 (TP8011, TP8018): from the interchange form to the retained key of a host,
// its identities of versions 0 and 1, and the secrets that TLS uses. OpenSSL computes; nothing here opens a connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/target/core/result.h"
#include "tests/target/core/wire.h"

namespace stas::target {

/// What a host names in its hello, taken apart: `NVMe<version><kind><cipher> <hostnqn> <subnqn>[ <digest>]`.
struct TlsIdentity {
  int version = 0;
  int cipher = 1;  ///< 1 TLS_AES_128_GCM_SHA256, 2 TLS_AES_256_GCM_SHA384
  std::string hostnqn;
  std::string subnqn;
  std::string digest;  ///< of version 1
};
std::optional<TlsIdentity> parse_tls_identity(std::string_view text);

/// A retained key, made of `NVMeTLSkey-1:<hash>:<base64 of key and CRC-32>:` for one host. 32 bytes go with cipher 1,
/// 48 with cipher 2.
Result<Bytes> retained_tls_key(std::string_view interchange, std::string_view hostnqn);

/// The identity of a key in either version.
std::string tls_identity(View retained, int version, std::string_view hostnqn, std::string_view subnqn);
/// The secret that goes with that identity.
Bytes tls_secret(View retained, int version, std::string_view hostnqn, std::string_view subnqn);

}  // namespace stas::target
