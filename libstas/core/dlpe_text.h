// SPDX-License-Identifier: Apache-2.0
//
// The two halves of core/log_page that work on values rather than on wire data: names of the D-Bus contract (3.4) and
// the check that an entry can be passed on. For log_page.cpp and dlpe_text.cpp; everybody else includes core/log_page.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libstas/core/log_page.h"

namespace stas {

// Sizes of the fields of an entry.
inline constexpr std::size_t kDlpeTrsvcidSize = 32, kDlpeTraddrSize = 256;

// Text of the transport specific address subtype; "" where the contract has no key for it.
std::string tsas_text(std::uint8_t trtype, std::string_view bytes);

// Name of the first field that makes the entry useless or dangerous, "" for a good one. An entry from the bus or a file
// must pass the same check as one from the wire.
std::string_view flaw_of(const Dlpe& dlpe);

}  // namespace stas
