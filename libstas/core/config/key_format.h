// SPDX-License-Identifier: Apache-2.0
//
// The text forms of keys: DH-HMAC-CHAP secrets, "DHHC-1:hh:BASE64:" (TP8006), and TLS PSKs in their interchange format,
// "NVMeTLSkey-1:hh:BASE64:" (TP8018). Both hold the key and its CRC-32, so a key that was mistyped or cut is known
// before anybody is asked to take it.
#pragma once

#include <string>
#include <string_view>

namespace stas {

// What is wrong with the key, "" if nothing is: "has a wrong check sum: ...". No part of the key is in the answer.
std::string dhchap_key_flaw(std::string_view key);
std::string tls_key_flaw(std::string_view key);

}  // namespace stas
