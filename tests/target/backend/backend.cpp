// SPDX-License-Identifier: Apache-2.0
//
// What is the same for every backend: blocks that Write Uncorrectable has marked, and the choice of the kind.
#include "tests/target/backend/backend.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace stas::target {

bool ByteRanges::add(std::uint64_t begin, std::uint64_t end) {
  auto first = ranges_.upper_bound(begin);
  if (first != ranges_.begin() && std::prev(first)->second >= begin) --first;
  auto next = first;
  std::uint64_t known = 0;
  for (; next != ranges_.end() && next->first <= end; ++next) {
    begin = std::min(begin, next->first);
    end = std::max(end, next->second);
    known += next->second - next->first;
  }
  const std::uint64_t total = total_ - known + (end - begin);
  if (total > kMost) return false;
  total_ = total;
  ranges_.erase(first, next);
  ranges_.emplace(begin, end);
  return true;
}

void ByteRanges::remove(std::uint64_t begin, std::uint64_t end) {
  auto at = ranges_.upper_bound(begin);
  if (at != ranges_.begin()) --at;
  while (at != ranges_.end() && at->first < end) {
    const auto [from, to] = *at;
    if (to <= begin) {
      ++at;
      continue;
    }
    at = ranges_.erase(at);
    total_ -= std::min(to, end) - std::max(from, begin);
    if (from < begin) ranges_.emplace(from, begin);
    if (to > end) ranges_.emplace(end, to);
  }
}

bool ByteRanges::overlaps(std::uint64_t begin, std::uint64_t end) const {
  const auto after = ranges_.lower_bound(end);
  return after != ranges_.begin() && std::prev(after)->second > begin;
}

void Backend::submit(BackendIo io, Done done) {
  if (!uncorrectable_.empty() && io.op != BackendOp::flush) {
    const std::uint64_t end = io.offset + io.length;
    if (io.op != BackendOp::read) {
      uncorrectable_.remove(io.offset, end);
    } else if (uncorrectable_.overlaps(io.offset, end)) {
      return done({.error = BackendResult::Error::medium});
    }
  }
  carry_out(std::move(io), std::move(done));
}

Result<void> Backend::resize(std::uint64_t size) {
  if (const auto ok = change_size(size); !ok) return ok;
  uncorrectable_.remove(size_, std::numeric_limits<std::uint64_t>::max());
  return {};
}

Result<std::shared_ptr<Backend>> make_backend(const BackendConfig& config, Executor& executor) {
  switch (config.kind) {
    case BackendKind::ram:
      return make_ram_backend(config);
    case BackendKind::null:
      return make_null_backend(config);
    case BackendKind::file:
    case BackendKind::block:
      return make_file_backend(config, executor);
    case BackendKind::none:
      break;
  }
  return problem("no kind of backend");
}

}  // namespace stas::target
