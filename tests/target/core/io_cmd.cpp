// SPDX-License-Identifier: Apache-2.0
//
// NVM commands on RAM namespaces. Every range is checked before a byte moves.
#include "tests/target/core/commands.h"

#include <algorithm>

namespace stas::target {
namespace {

constexpr std::uint32_t kAllNamespaces = 0xFFFFFFFF;
constexpr std::size_t kRangeSize = 16;

Reply read(std::span<std::uint8_t> range, const Sqe& sqe) {
  if (sqe.sgl_length() != range.size()) return Reply::refuse(status::kSglLength);
  return Reply::with(Bytes(range.begin(), range.end()));
}

Reply write(const Namespace& ns, std::span<std::uint8_t> range, View data) {
  if (ns.config().read_only) return Reply::refuse(status::kReadOnly);
  if (data.size() != range.size()) return Reply::refuse(status::kSglLength);
  std::copy(data.begin(), data.end(), range.begin());
  return Reply::ok();
}

Reply compare(std::span<std::uint8_t> range, View data) {
  if (data.size() != range.size()) return Reply::refuse(status::kSglLength);
  return std::equal(data.begin(), data.end(), range.begin()) ? Reply::ok() : Reply::refuse(status::kCompareFailure);
}

Reply write_zeroes(const Namespace& ns, std::span<std::uint8_t> range) {
  if (ns.config().read_only) return Reply::refuse(status::kReadOnly);
  std::fill(range.begin(), range.end(), std::uint8_t{0});
  return Reply::ok();
}

/// Linux always carries 4096 bytes of ranges whatever NR says: only NR of them count.
Reply dataset_management(const Namespace& ns, const Sqe& sqe, View data) {
  if (ns.config().read_only) return Reply::refuse(status::kReadOnly);
  const std::size_t count = (sqe.cdw(10) & 0xFF) + 1;
  const bool deallocate = (sqe.cdw(11) & 4) != 0;
  if (data.size() < count * kRangeSize) return Reply::refuse(status::kSglLength);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* at = &data[i * kRangeSize];
    const auto range = ns.range(get64(at + 8), get32(at + 4));
    if (!range) return Reply::refuse(status::kLbaRange);
    if (deallocate) std::fill(range->begin(), range->end(), std::uint8_t{0});
  }
  return Reply::ok();
}

}  // namespace

Reply execute_io(const Controller& controller, const Sqe& sqe, View data) {
  const auto& namespaces = controller.subsystem->namespaces;
  if (sqe.opcode() == opcode::kFlush && sqe.nsid() == kAllNamespaces) return Reply::ok();
  const auto it = namespaces.find(sqe.nsid());
  if (it == namespaces.end()) return Reply::refuse(status::kInvalidNamespace);
  const Namespace& ns = it->second;
  if (sqe.opcode() == opcode::kFlush) return Reply::ok();
  if (sqe.opcode() == opcode::kDatasetManagement) return dataset_management(ns, sqe, data);

  const auto blocks = (sqe.cdw(12) & 0xFFFF) + std::uint64_t{1};
  const bool moves_data = sqe.opcode() != opcode::kWriteZeroes;
  const auto range = ns.range(sqe.qword(10), blocks);
  switch (sqe.opcode()) {
    case opcode::kRead:
    case opcode::kWrite:
    case opcode::kCompare:
    case opcode::kWriteZeroes:
      break;
    default:
      return Reply::refuse(status::kInvalidOpcode);
  }
  if (!range) return Reply::refuse(status::kLbaRange);
  const std::uint64_t most = std::uint64_t{4096} << controller.subsystem->config.mdts;
  if (moves_data && range->size() > most) return Reply::refuse(status::kInvalidField);
  switch (sqe.opcode()) {
    case opcode::kRead:
      return read(*range, sqe);
    case opcode::kWrite:
      return write(ns, *range, data);
    case opcode::kCompare:
      return compare(*range, data);
    default:
      return write_zeroes(ns, *range);
  }
}

}  // namespace stas::target
