// SPDX-License-Identifier: Apache-2.0
//
// Addresses as people write them in traddr= and host-traddr=: which of them are Fibre Channel addresses, and what to
// write instead of one that is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stas {

inline constexpr std::string_view kFcForm = "nn-0xWWNN:pn-0xWWPN, each WWN 16 hexadecimal digits, node name first";

// "nn-0x0123456789abcdef:pn-0x0123456789abcdef" (also both without "0x") as the kernel takes it, in lower case; a comma
// between the two names, as Linux targets list them, becomes a colon. nullopt: no such address.
std::optional<std::string> fc_address(std::string_view text);

// What to write instead of a text that should be an IP address or a host name, as the end of a sentence; "" when nobody
// knows. Shows only what is an address, a host name or a port.
std::string address_advice(std::string_view text);

}  // namespace stas
