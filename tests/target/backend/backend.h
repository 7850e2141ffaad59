// SPDX-License-Identifier: Apache-2.0
//
// What holds the bytes of namespaces, behind asynchronous operations on byte ranges. Ranges are whole blocks inside
// size(); who calls has checked that. Every operation ends by one call of `done` on the thread of the core, before or
// after submit() returns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tests/target/backend/byte_ranges.h"
#include "tests/target/backend/executor.h"
#include "tests/target/core/model.h"
#include "tests/target/core/result.h"
#include "tests/target/core/wire.h"

namespace stas::target {

enum class BackendOp { read, write, flush, deallocate, write_zeroes };

struct BackendIo {
  BackendOp op = BackendOp::flush;
  std::uint64_t offset = 0;  ///< bytes
  std::uint64_t length = 0;  ///< bytes
  Bytes data{};              ///< of a write, `length` bytes
};

struct BackendResult {
  enum class Error { none, medium, no_space, gone };
  Error error = Error::none;
  Bytes data{};  ///< of a read
};

class Backend {
 public:
  using Done = std::function<void(BackendResult)>;

  explicit Backend(BackendConfig config) : config_(std::move(config)) {}
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  void submit(BackendIo io, Done done);
  /// To `size` bytes, a multiple of the block size. For a file, 0 means as large as it is by now.
  Result<void> resize(std::uint64_t size);
  /// Reads that touch this range end by a medium error until it is written, zeroed or deallocated. False: there would
  /// be more than ByteRanges::kMost such bytes then. Not kept when the backend goes, whatever it is made of.
  bool mark_uncorrectable(std::uint64_t offset, std::uint64_t length) {
    return uncorrectable_.add(offset, offset + length);
  }

  [[nodiscard]] const BackendConfig& config() const { return config_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }  ///< bytes
  [[nodiscard]] std::uint32_t lba() const { return config_.lba; }

 protected:
  /// submit() and resize() of one kind.
  virtual void carry_out(BackendIo io, Done done) = 0;
  virtual Result<void> change_size(std::uint64_t size) = 0;

  BackendConfig config_;
  std::uint64_t size_ = 0;

 private:
  ByteRanges uncorrectable_;
};

/// Opens or makes what `config` describes. `executor` outlives the backend. Fails with the cause and the path.
Result<std::shared_ptr<Backend>> make_backend(const BackendConfig& config, Executor& executor);

// The makers behind make_backend().
Result<std::shared_ptr<Backend>> make_ram_backend(const BackendConfig& config);
Result<std::shared_ptr<Backend>> make_null_backend(const BackendConfig& config);
Result<std::shared_ptr<Backend>> make_file_backend(const BackendConfig& config, Executor& executor);

}  // namespace stas::target
