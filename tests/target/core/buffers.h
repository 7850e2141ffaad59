// SPDX-License-Identifier: Apache-2.0
//
// Large buffers that are used again. The heap gives blocks of this size back to the kernel as soon as a batch of them
// is free, and taking them anew costs more in page faults than the copy into them.
#pragma once

#include <cstddef>

#include "tests/target/core/wire.h"

namespace stas::target {

/// `size` bytes of unspecified content: the caller writes all of them. Any thread.
Bytes take_buffer(std::size_t size);
/// What is not needed any more; a few megabytes of the process are kept. Any thread.
void give_buffer(Bytes&& buffer);

}  // namespace stas::target
