// SPDX-License-Identifier: Apache-2.0
//
// Backends without a medium: RAM, which takes memory only as it is written, and null, which forgets what is written and
// reads as zeroes. Both answer in the call.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "tests/target/backend/backend.h"
#include "tests/target/core/buffers.h"

namespace stas::target {
namespace {

/// An anonymous mapping: untouched pages cost nothing, given back ones read as zeroes.
class RamBackend final : public Backend {
 public:
  explicit RamBackend(BackendConfig config) : Backend(std::move(config)) {}
  ~RamBackend() override {
    if (memory_ != nullptr) ::munmap(memory_, size_);
  }

  void carry_out(BackendIo io, Done done) override {
    std::uint8_t* at = memory_ + io.offset;
    BackendResult result;
    switch (io.op) {
      case BackendOp::read:
        result.data = take_buffer(io.length);
        std::copy(at, at + io.length, result.data.begin());
        break;
      case BackendOp::write:
        std::copy(io.data.begin(), io.data.end(), at);
        give_buffer(std::move(io.data));
        break;
      case BackendOp::deallocate:
      case BackendOp::write_zeroes:
        clear(io.offset, io.length);
        break;
      case BackendOp::flush:
        break;
    }
    done(std::move(result));
  }

  Result<void> change_size(std::uint64_t size) override {
    if (size == 0 || size % lba() != 0) return problem("size " + std::to_string(size) + " is no multiple of a block");
    void* moved = memory_ == nullptr ? ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                                     : ::mremap(memory_, size_, size, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) return problem("no memory for " + std::to_string(size) + " bytes");
    // The tail of the last page outlives a shrink that ends inside it: what comes back must not show old bytes.
    const std::uint64_t tail = size_ % kPage == 0 ? 0 : kPage - size_ % kPage;
    memory_ = static_cast<std::uint8_t*>(moved);
    if (size > size_) std::memset(memory_ + size_, 0, std::min(tail, size - size_));
    size_ = config_.size = size;
    return {};
  }

 private:
  static constexpr std::uint64_t kPage = 4096;

  void clear(std::uint64_t offset, std::uint64_t length) {
    const std::uint64_t first = (offset + kPage - 1) / kPage * kPage;
    const std::uint64_t last = (offset + length) / kPage * kPage;
    if (first >= last) {
      std::memset(memory_ + offset, 0, length);
      return;
    }
    std::memset(memory_ + offset, 0, first - offset);
    std::memset(memory_ + last, 0, offset + length - last);
    if (::madvise(memory_ + first, last - first, MADV_DONTNEED) != 0) std::memset(memory_ + first, 0, last - first);
  }

  std::uint8_t* memory_ = nullptr;
};

class NullBackend final : public Backend {
 public:
  explicit NullBackend(BackendConfig config) : Backend(std::move(config)) { size_ = config_.size; }

  void carry_out(BackendIo io, Done done) override {
    BackendResult result;
    if (io.op == BackendOp::read) {
      result.data = take_buffer(io.length);
      std::fill(result.data.begin(), result.data.end(), 0);
    } else {
      give_buffer(std::move(io.data));
    }
    done(std::move(result));
  }

  Result<void> change_size(std::uint64_t size) override {
    if (size == 0 || size % lba() != 0) return problem("size " + std::to_string(size) + " is no multiple of a block");
    size_ = config_.size = size;
    return {};
  }
};

}  // namespace

Result<std::shared_ptr<Backend>> make_ram_backend(const BackendConfig& config) {
  auto backend = std::make_shared<RamBackend>(config);
  if (const auto ok = backend->resize(config.size); !ok) return problem(ok.error().text);
  return backend;
}

Result<std::shared_ptr<Backend>> make_null_backend(const BackendConfig& config) {
  auto backend = std::make_shared<NullBackend>(config);
  if (const auto ok = backend->resize(config.size); !ok) return problem(ok.error().text);
  return backend;
}

}  // namespace stas::target
