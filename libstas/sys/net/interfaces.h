// SPDX-License-Identifier: Apache-2.0
//
// The network interfaces of this host and their addresses, as a fact for the brains: in the kernel's order, with
// interfaces that have no address at all, and with link-local IPv6 addresses without scope (the interface is the
// scope).
#pragma once

#include <cstddef>

#include "libstas/core/base/result.h"
#include "libstas/core/identity/device.h"

namespace stas {

// Beyond these the rest is left out.
inline constexpr std::size_t kMaxInterfaces = 16384;
inline constexpr std::size_t kMaxInterfaceAddresses = 4096;  // each

Result<Interfaces> read_interfaces();

}  // namespace stas
