// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/memory_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace stas {

namespace {

constexpr const char* kName = "stas-file";
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

tl::unexpected<Error> not_shared(const char* what) {
  return fail(ErrorKind::io, std::string("a file in memory: ") + what + ": " + std::strerror(errno), errno);
}

}  // namespace

Result<UniqueFd> make_memory_file(std::string_view content) {
  UniqueFd fd(::memfd_create(kName, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return not_shared("memfd_create");
  while (!content.empty()) {
    const ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return not_shared("write");
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals | F_SEAL_SEAL) != 0) return not_shared("sealing");
  return fd;
}

Result<std::string> read_memory_file(int fd, std::size_t max_bytes) {
  // Only a file in memory has seals; a sealed one has the size it says, for ever.
  const int seals = ::fcntl(fd, F_GET_SEALS);
  struct stat status {};
  if (seals < 0 || (seals & kSeals) != kSeals || ::fstat(fd, &status) != 0)
    return fail(ErrorKind::invalid_input, "the descriptor is no sealed file in memory");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > max_bytes)
    return fail(ErrorKind::invalid_input, "the file is larger than " + std::to_string(max_bytes) + " bytes");
  std::string content(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const ssize_t n = ::pread(fd, content.data() + at, size - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return not_shared("read");
    at += static_cast<std::size_t>(n);
  }
  return content;
}

}  // namespace stas
