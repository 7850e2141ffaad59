// SPDX-License-Identifier: Apache-2.0
//
// A text as a file in memory that nobody can change any more: how a tool hands a file that it was allowed to read to a
// daemon that may not see it, or may not be seen to (memfd_create(2), sealed). Whoever reads one never waits for a disk
// or for somebody else, and keys in it cross no bus.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

Result<UniqueFd> make_memory_file(std::string_view content);

// The whole content. invalid_input: it is no sealed file in memory, or has more than `max_bytes`.
Result<std::string> read_memory_file(int fd, std::size_t max_bytes);

}  // namespace stas
