// SPDX-License-Identifier: Apache-2.0
//
// Copy (descriptor format 0) and Verify: commands that read without giving the host what was read. Both go piece by
// piece, so that none takes much memory.
#include <algorithm>
#include <memory>

#include "tests/target/core/io.h"

namespace stas::target {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
constexpr std::uint16_t kCopySize = 0x183;  // Command Size Limit Exceeded

struct Walk {
  Engine& engine;
  RequestRef ref;
  std::shared_ptr<Backend> backend;
  std::vector<BackendIo> reads;
  std::size_t next = 0;
  std::uint64_t destination = 0;  ///< bytes
  bool writes = false;
};

void step(const std::shared_ptr<Walk>& walk) {
  if (walk->next == walk->reads.size()) return walk->engine.complete(walk->ref, Reply::ok());
  const BackendIo& read = walk->reads[walk->next++];
  walk->backend->submit(read, [walk](BackendResult result) {
    if (result.error != BackendResult::Error::none) {
      return walk->engine.complete(walk->ref, Reply::retry(status::kUnrecoveredRead));
    }
    if (!walk->writes) return step(walk);
    const std::uint64_t length = result.data.size();
    BackendIo write{
        .op = BackendOp::write, .offset = walk->destination, .length = length, .data = std::move(result.data)};
    walk->destination += length;
    walk->backend->submit(std::move(write), [walk](const BackendResult& written) {
      if (written.error == BackendResult::Error::none) return step(walk);
      walk->engine.complete(walk->ref, Reply::retry(status::kWriteFault));
    });
  });
}

}  // namespace

std::optional<Reply> verify(const IoContext& io, std::uint64_t offset, std::uint64_t length) {
  auto walk = std::make_shared<Walk>(Walk{.engine = io.engine, .ref = io.ref, .backend = io.ns.backend(), .reads = {}});
  for (std::uint64_t at = 0; at < length; at += kPiece) {
    walk->reads.push_back({.op = BackendOp::read, .offset = offset + at, .length = std::min(kPiece, length - at)});
  }
  step(walk);
  return std::nullopt;
}

std::optional<Reply> copy(const IoContext& io) {
  constexpr std::size_t kDescriptor = 32;
  const Sqe& sqe = io.request.sqe;
  const Bytes& data = io.request.data;
  const std::size_t count = (sqe.cdw(12) & 0xFF) + 1;
  if (((sqe.cdw(12) >> 8) & 15) != 0) return Reply::refuse(status::kInvalidField);  // descriptor format
  if (data.size() < count * kDescriptor) return Reply::refuse(status::kSglLength);
  if (count > kCopyRanges) return Reply::refuse(kCopySize);
  auto walk = std::make_shared<Walk>(Walk{.engine = io.engine, .ref = io.ref, .backend = io.ns.backend(), .reads = {}});
  walk->writes = true;
  walk->destination = sqe.qword(10) * io.ns.lba();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t first = get64(&data[i * kDescriptor + 8]);
    const std::uint64_t blocks = get16(&data[i * kDescriptor + 16]) + std::uint64_t{1};
    if (!io.ns.contains(first, blocks)) return Reply::refuse(status::kLbaRange);
    if (blocks > kCopyRangeBlocks) return Reply::refuse(kCopySize);
    total += blocks;
    walk->reads.push_back({.op = BackendOp::read, .offset = first * io.ns.lba(), .length = blocks * io.ns.lba()});
  }
  if (total > kCopyBlocks) return Reply::refuse(kCopySize);
  if (!io.ns.contains(sqe.qword(10), total)) return Reply::refuse(status::kLbaRange);
  step(walk);
  return std::nullopt;
}

}  // namespace stas::target
