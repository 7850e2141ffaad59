// SPDX-License-Identifier: Apache-2.0
//
// CRC32C (Castagnoli), the digest of NVMe/TCP headers and data (NVMe/TCP Transport Specification, clause 3.3.1.1).
#pragma once

#include <cstdint>
#include <string_view>

namespace stas::nvme_tcp {

// The finished digest of `bytes`; pass the digest of what came before to continue it.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace stas::nvme_tcp
