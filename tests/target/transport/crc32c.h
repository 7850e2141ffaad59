// SPDX-License-Identifier: Apache-2.0
//
// CRC32C (Castagnoli) for header and data digests: reflected polynomial 82F63B78h, all ones in and out.
#pragma once

#include <cstdint>

#include "tests/target/core/wire.h"

namespace stas::target {

/// The digest of `bytes`; pass the previous result to continue over a further range.
std::uint32_t crc32c(View bytes, std::uint32_t previous = 0);

}  // namespace stas::target
