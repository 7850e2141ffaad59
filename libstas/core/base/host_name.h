// SPDX-License-Identifier: Apache-2.0
//
// Which texts can be the name of a host.
#pragma once

#include <cstddef>
#include <string_view>

namespace stas {

// Bytes of a name as text without the dot at its end: 255 octets on the wire (RFC 1035, clause 2.3.4).
inline constexpr std::size_t kMaxHostName = 253;

// Letters, digits, '-', '_' and dots, and no number at the end (that would be a misspelled IPv4 address). A dot may end
// it.
bool is_host_name(std::string_view text);

}  // namespace stas
