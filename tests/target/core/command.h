// SPDX-License-Identifier: Apache-2.0
//
// One NVMe command as both transports hand it to the core, and the answer the core gives back.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include "tests/target/core/constants.h"
#include "tests/target/core/wire.h"

namespace stas::target {

/// The core never reads a clock: whoever calls it says what time it is.
using Instant = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

enum class Direction { none, to_controller, to_host };

struct Sqe {
  std::array<std::uint8_t, 64> raw{};

  [[nodiscard]] std::uint8_t opcode() const { return raw[0]; }
  [[nodiscard]] bool is_fabrics() const { return raw[0] == opcode::kFabrics; }
  [[nodiscard]] std::uint8_t fctype() const { return raw[4]; }
  [[nodiscard]] std::uint16_t cid() const { return get16(&raw[2]); }
  [[nodiscard]] std::uint32_t nsid() const { return get32(&raw[4]); }
  [[nodiscard]] std::uint8_t sgl_type() const { return raw[39]; }
  [[nodiscard]] std::uint32_t sgl_length() const { return get32(&raw[32]); }
  [[nodiscard]] std::uint32_t cdw(unsigned n) const { return get32(&raw[n * std::size_t{4}]); }
  [[nodiscard]] std::uint64_t qword(unsigned first_cdw) const { return get64(&raw[first_cdw * std::size_t{4}]); }

  /// The low two bits of an opcode (of FCTYPE for fabrics commands) tell where the data goes.
  [[nodiscard]] Direction direction() const {
    switch ((is_fabrics() ? fctype() : opcode()) & 3) {
      case 1:
        return Direction::to_controller;
      case 2:
        return Direction::to_host;
      default:
        return Direction::none;
    }
  }
};

/// What a command handler decides.
struct Reply {
  std::uint64_t result = 0;
  std::uint16_t status = status::kSuccess;
  bool dnr = false;
  Bytes data{};
  bool more = false;       ///< the error log has an entry about this
  std::uint8_t delay = 0;  ///< CRD: which of the three retry delays, 0 none

  static Reply ok(std::uint64_t result = 0) { return {result, status::kSuccess, false, {}, false, 0}; }
  static Reply with(Bytes data) { return {0, status::kSuccess, false, std::move(data), false, 0}; }
  static Reply refuse(std::uint16_t status, std::uint64_t result = 0) { return {result, status, true, {}, false, 0}; }
  /// A refusal that a host may repeat.
  static Reply retry(std::uint16_t status) { return {0, status, false, {}, false, 0}; }
};

/// What a transport carries to the host. The flags are injected faults that only a transport can commit.
struct Completion {
  Reply reply;
  std::uint16_t cid = 0;
  std::uint16_t sqhd = 0;
  bool garbage = false;
  bool close = false;
  bool damage_header_digest = false;
  bool damage_data_digest = false;
  bool damage_data = false;
  bool truncate = false;

  [[nodiscard]] std::array<std::uint8_t, 16> cqe() const {
    std::array<std::uint8_t, 16> raw{};
    put64(&raw[0], reply.result);
    put16(&raw[8], sqhd);
    put16(&raw[12], cid);
    put16(&raw[14], static_cast<std::uint16_t>(((reply.status & 0x7FF) << 1) | ((reply.delay & 3U) << 12) |
                                               (reply.more ? 0x4000 : 0) | (reply.dnr ? 0x8000 : 0)));
    return raw;
  }
};

/// Names a request for whoever completes it later: it may be gone by then.
struct RequestRef {
  std::uint64_t queue = 0;
  std::uint64_t key = 0;
  std::uint16_t cid = 0;
};

/// A command from the moment it is admitted until it is answered. Owned by its queue, found by its CID.
struct Request {
  enum class State {
    receiving,  ///< its data is under way
    executing,  ///< a handler or a backend has it
    parked,     ///< an Asynchronous Event Request
    delayed,    ///< answered, but a fault holds the answer back
    lost        ///< a fault has swallowed it
  };

  std::uint64_t key = 0;  ///< unique in the core
  Sqe sqe;
  State state = State::receiving;
  Bytes data;       ///< from the host
  Completion held;  ///< while delayed
};

}  // namespace stas::target
