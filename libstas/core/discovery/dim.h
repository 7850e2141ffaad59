// SPDX-License-Identifier: Apache-2.0
//
// Discovery Information Management (opcode 21h, TP8010): the registration a host sends to a central or direct discovery
// controller. Layout: compatibility contract, appendix C.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/host.h"

namespace stas {

enum class DimTask : std::uint8_t { register_ = 0, deregister = 1, update = 2 };

// The data of one DIM command with one extended entry for this host; the transport address is left empty, so that the
// controller takes the source address of the connection. Errors: host NQN or host ID missing or malformed.
Result<std::string> dim_host_entry(const HostIdentity& host, IpFamily family);

}  // namespace stas
