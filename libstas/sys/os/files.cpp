// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libstas/sys/os/unique_fd.h"

namespace stas {

namespace {

constexpr std::size_t kChunk = 4096;  // one page: what a sysfs attribute is at most, and most files we read

tl::unexpected<Error> fail_errno(const std::string& path, int error) {
  ErrorKind kind = ErrorKind::io;
  if (error == ENOENT || error == ENOTDIR) kind = ErrorKind::not_found;
  if (error == EACCES || error == EPERM || error == EROFS) kind = ErrorKind::permission;
  return fail(kind, path + ": " + std::strerror(error), error);
}

int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

// 0 or errno. The file exists only after success, and was not there before: it is ours.
int write_new(const std::string& path, std::string_view content, mode_t mode) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivateMode));
  if (fd.get() < 0) return errno;
  int error = write_all(fd.get(), content);
  if (error == 0 && ::fchmod(fd.get(), mode) != 0) error = errno;  // not at open: the umask would have its say
  if (fd.close() != 0 && error == 0) error = errno;
  if (error != 0) ::unlink(path.c_str());
  return error;
}

Result<std::string> read_all(int fd, const std::string& path, std::size_t max_bytes) {
  std::string content;
  // Not to be moved while it grows: there may be keys in it, and a piece of them would stay behind.
  struct stat status {};
  if (::fstat(fd, &status) == 0 && status.st_size > 0)
    content.reserve(std::min(static_cast<std::size_t>(status.st_size), max_bytes) + kChunk + 1);
  while (true) {
    const std::size_t before = content.size();
    // One byte more than allowed tells "exactly full" from "too large".
    const std::size_t want = std::min(kChunk, max_bytes - before + 1);
    content.resize(before + want);
    const ssize_t n = ::read(fd, content.data() + before, want);
    const int error = errno;
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && error == EINTR) continue;
    if (n < 0) return fail_errno(path, error);
    if (n == 0) return content;
    if (content.size() > max_bytes) {
      return fail(ErrorKind::invalid_input, path + ": larger than " + std::to_string(max_bytes) + " bytes", EFBIG);
    }
  }
}

int open_to_read(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); }

}  // namespace

Result<std::string> read_file_bounded(const std::string& path, std::size_t max_bytes) {
  const UniqueFd fd(open_to_read(path));
  if (fd.get() < 0) return fail_errno(path, errno);
  return read_all(fd.get(), path, max_bytes);
}

Result<std::string> read_regular_file(const std::string& path, std::size_t max_bytes) {
  return read_regular(path, max_bytes).map([](RegularFile file) { return std::move(file.text); });
}

Result<RegularFile> read_regular(const std::string& path, std::size_t max_bytes) {
  const UniqueFd fd(open_to_read(path));
  struct stat status {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return fail_errno(path, errno);
  if (S_ISDIR(status.st_mode)) return fail_errno(path, EISDIR);
  if (!S_ISREG(status.st_mode)) return fail(ErrorKind::invalid_input, path + ": is no regular file");
  return read_all(fd.get(), path, max_bytes).map([&](std::string text) {
    return RegularFile{std::move(text), status.st_mode, status.st_uid};
  });
}

Result<void> write_file_atomic(const std::string& path, std::string_view content, mode_t mode) {
  const auto slash = path.rfind('/');
  const auto name = slash == std::string::npos ? 0 : slash + 1;
  if (name == path.size()) return fail(ErrorKind::invalid_input, "'" + path + "': not the name of a file");
  const std::string temporary = path.substr(0, name) + "." + path.substr(name) + ".new";

  // What a crashed predecessor left, or what somebody planted there.
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT) return fail_errno(temporary, errno);
  if (const int error = write_new(temporary, content, mode); error != 0) return fail_errno(temporary, error);
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return fail_errno(path, error);
  }
  return {};
}

Result<void> create_file(const std::string& path, std::string_view content, mode_t mode) {
  if (const int error = write_new(path, content, mode); error != 0) return fail_errno(path, error);
  return {};
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  const int error = errno;
  // A file system that is read-only says so also of what does not exist.
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) return {};
  return fail_errno(path, error);
}

std::string runtime_directory(std::string_view prog) {
  // Called from the main thread; nobody changes the environment.
  const char* variable = std::getenv("RUNTIME_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view list = variable != nullptr ? variable : "";
  const std::string_view first = list.substr(0, list.find(':'));
  return first.empty() ? "/run/" + std::string(prog) : std::string(first);
}

}  // namespace stas
