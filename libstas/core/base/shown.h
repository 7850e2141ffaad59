// SPDX-License-Identifier: Apache-2.0
//
// How a text of somebody else may appear in a message: bounded, without control characters, and never when it could be
// a secret. A mistyped separator puts a key into the middle of an ordinary field, so the content is looked at, not the
// name of the field (law 7).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stas {

inline constexpr std::size_t kMaxShown = 120;  // bytes of a foreign text in one message

// Does the text contain a DH-HMAC-CHAP key or a TLS PSK, or the name of an option that carries one ("psk=")?
bool holds_secret(std::string_view text);

// The same, and anything else that may be about a secret. Prefers a false alarm to a leak.
bool looks_secret(std::string_view text);

// The text for a message: "***" when it looks secret, cut after kMaxShown bytes, with '?' for what is not printable.
std::string shown(std::string_view text);

}  // namespace stas
