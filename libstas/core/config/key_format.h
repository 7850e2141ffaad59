// SPDX-License-Identifier: Apache-2.0
//
// The text forms of keys: DH-HMAC-CHAP secrets, "DHHC-1:hh:BASE64:" (TP8006), and TLS PSKs in their interchange format,
// "NVMeTLSkey-1:hh:BASE64:" (TP8018). Both hold the key and its CRC-32, so a key that was mistyped or cut is known
// before anybody is asked to take it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/base/secret.h"

namespace stas {

// What is wrong with the key, "" if nothing is: "has a wrong check sum: ...". No part of the key is in the answer.
std::string dhchap_key_flaw(std::string_view key);
std::string tls_key_flaw(std::string_view key);

struct DhchapKey {
  Secret bytes;       // 32, 48 or 64
  unsigned hash = 0;  // of the transformation for an NQN: 1 SHA-256, 2 SHA-384, 3 SHA-512; 0: used as it is
};
// The key behind its text; nullopt where dhchap_key_flaw() has something to say.
std::optional<DhchapKey> dhchap_key(std::string_view key);

}  // namespace stas
