// SPDX-License-Identifier: Apache-2.0
//
// Log page 01h of one controller: the newest failed commands, newest first, in a ring of ELPE + 1 entries (NVMe base,
// Error Information).
#pragma once

#include <cstdint>
#include <deque>

#include "tests/target/core/command.h"

namespace stas::target {

class ErrorLog {
 public:
  /// `lba` counts for I/O commands.
  void add(std::uint16_t sqid, const Sqe& sqe, std::uint16_t status, bool dnr);
  /// The whole page.
  [[nodiscard]] Bytes page() const;
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  struct Entry {
    std::uint64_t number;
    std::uint16_t sqid;
    std::uint16_t cid;
    std::uint16_t status;  ///< as in a completion, shifted for the phase bit
    std::uint64_t lba;
    std::uint32_t nsid;
  };

  std::deque<Entry> entries_;
  std::uint64_t count_ = 0;
};

}  // namespace stas::target
