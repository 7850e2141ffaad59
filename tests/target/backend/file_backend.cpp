// SPDX-License-Identifier: Apache-2.0
//
// A file or a block device as a backend, buffered or past the page cache. The system calls block, so each runs on the
// executor; a descriptor outlives the namespace while one is under way.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "tests/target/backend/backend.h"
#include "tests/target/core/buffers.h"

namespace stas::target {
namespace {

constexpr std::size_t kDirectAlignment = 4096;
constexpr std::size_t kZeroPiece = std::size_t{1} << 20;

std::string reason() { return std::system_category().message(errno); }

struct File {
  explicit File(int number) : fd(number) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(fd); }
  int fd;
};

BackendResult::Error error_from(int number) {
  if (number == 0) return BackendResult::Error::none;
  return number == ENOSPC || number == EDQUOT || number == EFBIG ? BackendResult::Error::no_space
                                                                 : BackendResult::Error::medium;
}

/// Memory that O_DIRECT accepts.
struct Aligned {
  explicit Aligned(std::size_t size)
      : bytes(static_cast<std::uint8_t*>(std::aligned_alloc(
            kDirectAlignment, (size + kDirectAlignment - 1) / kDirectAlignment * kDirectAlignment))) {}
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  ~Aligned() { std::free(bytes); }
  std::uint8_t* bytes;
};

/// 0 or an errno. What lies beyond the end of a file that has become shorter reads as zeroes.
int transfer(int fd, bool writing, std::uint8_t* bytes, std::size_t length, std::uint64_t offset) {
  for (std::size_t at = 0; at < length;) {
    const auto where = static_cast<off_t>(offset + at);
    const auto moved =
        writing ? ::pwrite(fd, bytes + at, length - at, where) : ::pread(fd, bytes + at, length - at, where);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return errno;
    if (moved == 0) {
      if (writing) return EIO;
      std::memset(bytes + at, 0, length - at);
      return 0;
    }
    at += static_cast<std::size_t>(moved);
  }
  return 0;
}

int move_bytes(int fd, bool direct, bool writing, Bytes& data, std::uint64_t offset) {
  if (!direct) return transfer(fd, writing, data.data(), data.size(), offset);
  const Aligned bounce(data.size());
  if (bounce.bytes == nullptr) return ENOMEM;
  if (writing) std::copy(data.begin(), data.end(), bounce.bytes);
  const int wrong = transfer(fd, writing, bounce.bytes, data.size(), offset);
  if (wrong == 0 && !writing) std::copy(bounce.bytes, bounce.bytes + data.size(), data.begin());
  return wrong;
}

/// Holes where the file system can make them, written zeroes elsewhere.
int clear(int fd, bool direct, bool hole, std::uint64_t offset, std::uint64_t length) {
  const int mode = (hole ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE) | FALLOC_FL_KEEP_SIZE;
  if (::fallocate(fd, mode, static_cast<off_t>(offset), static_cast<off_t>(length)) == 0) return 0;
  if (errno != EOPNOTSUPP && errno != ENODEV && errno != EINVAL) return errno;
  for (std::uint64_t at = 0; at < length; at += kZeroPiece) {
    Bytes zeroes(std::min<std::uint64_t>(kZeroPiece, length - at), 0);
    if (const int wrong = move_bytes(fd, direct, true, zeroes, offset + at); wrong != 0) return wrong;
  }
  return 0;
}

BackendResult perform(int fd, bool direct, BackendIo& io) {
  BackendResult result;
  int wrong = 0;
  switch (io.op) {
    case BackendOp::read:
      result.data = take_buffer(io.length);
      wrong = move_bytes(fd, direct, false, result.data, io.offset);
      break;
    case BackendOp::write:
      wrong = move_bytes(fd, direct, true, io.data, io.offset);
      give_buffer(std::move(io.data));
      break;
    case BackendOp::flush:
      wrong = ::fdatasync(fd) == 0 ? 0 : errno;
      break;
    case BackendOp::deallocate:
    case BackendOp::write_zeroes:
      wrong = clear(fd, direct, io.op == BackendOp::deallocate, io.offset, io.length);
      break;
  }
  result.error = error_from(wrong);
  if (wrong != 0) result.data.clear();
  return result;
}

class FileBackend final : public Backend {
 public:
  FileBackend(BackendConfig config, int fd, Executor& executor)
      : Backend(std::move(config)), file_(std::make_shared<File>(fd)), executor_(executor) {}

  void carry_out(BackendIo io, Done done) override {
    struct Job {
      BackendIo io;
      BackendResult result;
      Done done;
    };
    auto job = std::make_shared<Job>(Job{std::move(io), {}, std::move(done)});
    executor_.post([job, file = file_, direct = config_.direct] { job->result = perform(file->fd, direct, job->io); },
                   [job] { job->done(std::move(job->result)); });
  }

  Result<void> change_size(std::uint64_t size) override {
    const std::string name = config_.path + ": ";
    struct stat found {};
    if (::fstat(file_->fd, &found) != 0) return problem(name + reason());
    std::uint64_t present = static_cast<std::uint64_t>(found.st_size);
    if (S_ISBLK(found.st_mode) && ::ioctl(file_->fd, BLKGETSIZE64, &present) != 0) return problem(name + reason());
    if (size == 0) size = present / lba() * lba();
    if (size == 0 || size % lba() != 0) return problem(name + "holds no whole number of blocks");
    if (size > present && S_ISBLK(found.st_mode)) return problem(name + "the device is smaller");
    if (size != present && S_ISREG(found.st_mode) && ::ftruncate(file_->fd, static_cast<off_t>(size)) != 0) {
      return problem(name + "resize: " + reason());
    }
    size_ = size;
    return {};
  }

 private:
  std::shared_ptr<File> file_;
  Executor& executor_;
};

}  // namespace

Result<std::shared_ptr<Backend>> make_file_backend(const BackendConfig& config, Executor& executor) {
  const bool create = config.kind == BackendKind::file && config.size != 0;
  const int flags = O_RDWR | O_CLOEXEC | (config.direct ? O_DIRECT : 0) | (create ? O_CREAT : 0);
  const int fd = ::open(config.path.c_str(), flags, 0600);
  if (fd < 0) return problem(config.path + ": cannot be opened: " + reason());
  auto backend = std::make_shared<FileBackend>(config, fd, executor);
  struct stat found {};
  if (::fstat(fd, &found) != 0) return problem(config.path + ": " + reason());
  const bool fits = config.kind == BackendKind::block ? S_ISBLK(found.st_mode) : S_ISREG(found.st_mode);
  if (!fits) {
    return problem(config.path + (config.kind == BackendKind::block ? ": is no block device" : ": is no regular file"));
  }
  if (const auto ok = backend->resize(config.size); !ok) return problem(ok.error().text);
  return backend;
}

}  // namespace stas::target
