// SPDX-License-Identifier: Apache-2.0
//
// Asynchronous events (NVM Express Base Specification 2.0, clause 5.2): completion dword 0 = log page << 16 |
// information << 8 | type.
#pragma once

#include <cstdint>

namespace stas {

inline constexpr std::uint32_t kAenDiscoveryLogChanged = 0x70f002;

}  // namespace stas
