// SPDX-License-Identifier: Apache-2.0
//
// A set of byte ranges that neither touch nor overlap: what Write Uncorrectable has marked in a backend. Bounded.
#pragma once

#include <cstdint>
#include <map>

namespace stas::target {

class ByteRanges {
 public:
  /// Bytes in all: not the number of ranges, which removing from their middle raises.
  static constexpr std::uint64_t kMost = std::uint64_t{64} << 20;

  /// [begin, end) joins the set. False, and nothing changes, where that would make more than kMost bytes.
  bool add(std::uint64_t begin, std::uint64_t end);
  void remove(std::uint64_t begin, std::uint64_t end);
  [[nodiscard]] bool overlaps(std::uint64_t begin, std::uint64_t end) const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // end by begin
  std::uint64_t total_ = 0;
};

}  // namespace stas::target
