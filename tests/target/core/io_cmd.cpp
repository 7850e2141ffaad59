// SPDX-License-Identifier: Apache-2.0
//
// The NVM command set: what is checked of a command before its backend is asked, and what becomes of the backend's
// answer. Every range is checked before a byte moves.
#include <algorithm>
#include <functional>
#include <memory>

#include "tests/target/core/commands.h"
#include "tests/target/core/io.h"
#include "tests/target/core/visibility.h"

namespace stas::target {
namespace {

constexpr std::size_t kRangeSize = 16;

bool changes_data(std::uint8_t code) {
  return code == opcode::kWrite || code == opcode::kWriteZeroes || code == opcode::kDatasetManagement ||
         code == opcode::kCopy || code == opcode::kWriteUncorrectable;
}

Reply reply_from(BackendResult result, bool reading) {
  switch (result.error) {
    case BackendResult::Error::none:
      return reading ? Reply::with(std::move(result.data)) : Reply::ok();
    case BackendResult::Error::no_space:
      return Reply::refuse(status::kCapacityExceeded);
    case BackendResult::Error::medium:
    case BackendResult::Error::gone:
      break;
  }
  return Reply::retry(reading ? status::kUnrecoveredRead : status::kWriteFault);
}

void start(const IoContext& io, BackendIo job, bool reading) {
  io.ns.backend()->submit(std::move(job), [&engine = io.engine, ref = io.ref, reading](BackendResult result) {
    engine.complete(ref, reply_from(std::move(result), reading));
  });
}

/// One block range of the command itself: SLBA in CDW10 and 11, NLB in CDW12.
std::optional<Reply> transfer(const IoContext& io) {
  const Sqe& sqe = io.request.sqe;
  const auto blocks = (sqe.cdw(12) & 0xFFFF) + std::uint64_t{1};
  const std::uint64_t first = sqe.qword(10);
  if (!io.ns.contains(first, blocks)) return Reply::refuse(status::kLbaRange);
  BackendIo job{.offset = first * io.ns.lba(), .length = blocks * io.ns.lba()};
  const bool moves_data = sqe.direction() != Direction::none;
  const std::uint8_t mdts = io.controller.subsystem->config.mdts;
  const std::uint64_t most = mdts == 0 ? kMaxTransfer : std::uint64_t{4096} << mdts;
  if (moves_data && job.length > most) return Reply::refuse(status::kInvalidField);
  switch (sqe.opcode()) {
    case opcode::kRead:
      if (sqe.sgl_length() != job.length) return Reply::refuse(status::kSglLength);
      job.op = BackendOp::read;
      start(io, std::move(job), true);
      return std::nullopt;
    case opcode::kWrite:
      if (io.request.data.size() != job.length) return Reply::refuse(status::kSglLength);
      job.op = BackendOp::write;
      job.data = std::move(io.request.data);
      start(io, std::move(job), false);
      return std::nullopt;
    case opcode::kWriteZeroes:
      job.op = (sqe.cdw(12) & (1U << 25)) != 0 ? BackendOp::deallocate : BackendOp::write_zeroes;
      start(io, std::move(job), false);
      return std::nullopt;
    case opcode::kVerify:
      return verify(io, job.offset, job.length);
    case opcode::kWriteUncorrectable:
      if (job.length > ByteRanges::kMost) return Reply::refuse(status::kInvalidField);  // WUSL
      if (io.ns.backend()->mark_uncorrectable(job.offset, job.length)) return Reply::ok();
      return Reply::refuse(status::kInternal);
    default:
      if (io.request.data.size() != job.length) return Reply::refuse(status::kSglLength);
      break;
  }
  job.op = BackendOp::read;
  io.ns.backend()->submit(
      std::move(job), [&engine = io.engine, ref = io.ref, wanted = std::move(io.request.data)](BackendResult result) {
        if (result.error != BackendResult::Error::none)
          return engine.complete(ref, reply_from(std::move(result), true));
        engine.complete(ref, result.data == wanted ? Reply::ok() : Reply::refuse(status::kCompareFailure));
      });
  return std::nullopt;
}

/// Linux always carries 4096 bytes of ranges whatever NR says: only NR of them count.
std::optional<Reply> dataset_management(const IoContext& io) {
  const Sqe& sqe = io.request.sqe;
  const Bytes& data = io.request.data;
  const std::size_t count = (sqe.cdw(10) & 0xFF) + 1;
  const bool deallocate = (sqe.cdw(11) & 4) != 0;
  if (data.size() < count * kRangeSize) return Reply::refuse(status::kSglLength);
  std::vector<BackendIo> jobs;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* at = &data[i * kRangeSize];
    const std::uint64_t first = get64(at + 8);
    const std::uint64_t blocks = get32(at + 4);
    if (!io.ns.contains(first, blocks)) return Reply::refuse(status::kLbaRange);
    if (blocks != 0) {
      jobs.push_back({.op = BackendOp::deallocate, .offset = first * io.ns.lba(), .length = blocks * io.ns.lba()});
    }
  }
  if (!deallocate || jobs.empty()) return Reply::ok();
  struct Progress {
    std::size_t left;
    BackendResult::Error error = BackendResult::Error::none;
  };
  const auto progress = std::make_shared<Progress>(Progress{jobs.size()});
  const auto backend = io.ns.backend();
  for (BackendIo& job : jobs) {
    backend->submit(std::move(job), [&engine = io.engine, ref = io.ref, progress](BackendResult result) {
      if (result.error != BackendResult::Error::none) progress->error = result.error;
      if (--progress->left == 0) engine.complete(ref, reply_from({.error = progress->error}, false));
    });
  }
  return std::nullopt;
}

std::optional<Reply> flush_all(Engine& engine, const Controller& controller, const RequestRef& ref) {
  const auto seen = visible(engine.model(), controller);
  if (seen.empty()) return Reply::ok();
  const auto left = std::make_shared<std::size_t>(seen.size());
  for (const Sight& sight : seen) {
    sight.ns->backend()->submit({.op = BackendOp::flush}, [&engine, ref, left](const BackendResult&) {
      if (--*left == 0) engine.complete(ref, Reply::ok());
    });
  }
  return std::nullopt;
}

/// What stands against a command on a namespace that exists.
std::optional<Reply> objection(const IoContext& io, AnaState state) {
  switch (state) {
    case AnaState::inaccessible:
      return Reply::retry(status::kAnaInaccessible);
    case AnaState::persistent_loss:
      return Reply::retry(status::kAnaPersistentLoss);
    case AnaState::change:
      return Reply::retry(status::kAnaTransition);
    case AnaState::optimized:
    case AnaState::non_optimized:
      break;
  }
  const std::uint8_t code = io.request.sqe.opcode();
  if (is_reservation_command(code)) return std::nullopt;
  const bool writing = changes_data(code);
  if (!io.ns.reservation.admits(io.controller.hostid, writing)) return Reply::refuse(status::kReservationConflict);
  if (writing && io.ns.is_read_only()) return Reply::refuse(status::kReadOnly);
  return std::nullopt;
}

}  // namespace

std::optional<Reply> execute_io(Engine& engine, Queue& queue, Request& request, const RequestRef& ref) {
  Controller& controller = *queue.controller;
  const Sqe& sqe = request.sqe;
  if (sqe.opcode() == opcode::kFlush && sqe.nsid() == kAllNamespaces) return flush_all(engine, controller, ref);
  const Sight sight = look_up(engine.model(), controller, sqe.nsid());
  if (sight.ns == nullptr) return Reply::refuse(status::kInvalidNamespace);
  const IoContext io{engine, controller, *sight.ns, request, ref};
  if (auto against = objection(io, sight.state)) return against;
  if (is_reservation_command(sqe.opcode())) return reservation_command(io);
  switch (sqe.opcode()) {
    case opcode::kFlush:
      start(io, {.op = BackendOp::flush}, false);
      return std::nullopt;
    case opcode::kDatasetManagement:
      return dataset_management(io);
    case opcode::kCopy:
      return copy(io);
    case opcode::kRead:
    case opcode::kWrite:
    case opcode::kCompare:
    case opcode::kWriteZeroes:
    case opcode::kWriteUncorrectable:
    case opcode::kVerify:
      return transfer(io);
    default:
      return Reply::refuse(status::kInvalidOpcode);
  }
}

}  // namespace stas::target
