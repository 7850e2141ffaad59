// SPDX-License-Identifier: Apache-2.0
//
// The TXT record of a discovery service (TP8009, on DNS-SD, RFC 6763 clause 6): which transport, and which NQN.
// Pure rules on strings anybody on the link can send.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "libstas/core/identity/tid.h"

namespace stas {

inline constexpr std::size_t kMaxTxtStrings = 64;        // of one record; the rest is ignored
inline constexpr std::size_t kMaxTxtStringLength = 255;  // what a length byte can say

struct MdnsTxt {
  std::optional<Transport> transport;  // nullopt: no candidate, see problems
  std::string nqn;                     // key "nqn", "" if absent
  std::vector<std::string> problems;   // sentences for the journal, printable
  friend bool operator==(const MdnsTxt&, const MdnsTxt&) = default;
};

// `strings` in the order of the record. Keys are trimmed and compared without case; the first of a repeated key counts
// (RFC 6763, clause 6.4); the value begins after the first '=' and is trimmed. Strings with anything not printable,
// without '=' or without a key are left out. No candidate: "p" is missing or unknown, or "nqn" cannot be used.
MdnsTxt parse_mdns_txt(const std::vector<std::string>& strings);

}  // namespace stas
