// SPDX-License-Identifier: Apache-2.0
//
// Files of our own and of the administrator: bounded reads, atomic writes, and where run-time state lives. Errors name
// the path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "libstas/core/base/result.h"

namespace stas {

inline constexpr mode_t kPrivateMode = 0600;

// The whole content. More than `max_bytes`: invalid_input. Never waits for a writer, should the path be a FIFO.
Result<std::string> read_file_bounded(const std::string& path, std::size_t max_bytes);

// The same for a file that somebody edits: what is no regular file (a directory, a FIFO, a device) is invalid_input,
// and nothing is waited for.
Result<std::string> read_regular_file(const std::string& path, std::size_t max_bytes);

// And who owns it, and who else may read it.
struct RegularFile {
  std::string text;
  mode_t mode = 0;
  uid_t owner = 0;
};
Result<RegularFile> read_regular(const std::string& path, std::size_t max_bytes);

// Replaces the file at once or not at all: a temporary file beside it (".NAME.new"), then rename. A symbolic link in
// place of either is replaced, not followed. Nothing is synced: run-time state lives on tmpfs and need not survive the
// machine. One writer per path.
Result<void> write_file_atomic(const std::string& path, std::string_view content, mode_t mode = kPrivateMode);

// Makes a file that does not exist yet, with all of the content or not at all; EEXIST when anything has that name.
Result<void> create_file(const std::string& path, std::string_view content, mode_t mode = kPrivateMode);

// A file that does not exist counts as removed.
Result<void> remove_file(const std::string& path);

// First path of $RUNTIME_DIRECTORY, which systemd sets to a colon-separated list; "/run/PROG" without it.
std::string runtime_directory(std::string_view prog);

}  // namespace stas
