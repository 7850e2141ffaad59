// SPDX-License-Identifier: Apache-2.0
//
// Counters for tests to assert on. Plain numbers; rpc turns them into JSON.
#pragma once

#include <cstdint>
#include <map>

namespace stas::target {

/// Commands by what they are.
struct CommandCounts {
  std::map<std::uint8_t, std::uint64_t> admin;    ///< by opcode
  std::map<std::uint8_t, std::uint64_t> io;       ///< by opcode
  std::map<std::uint8_t, std::uint64_t> fabrics;  ///< by FCTYPE

  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto* counts : {&admin, &io, &fabrics}) {
      for (const auto& [code, count] : *counts) sum += count;
    }
    return sum;
  }
};

struct Stats {
  std::uint64_t accepted = 0;  ///< TCP connections
  std::uint64_t open = 0;
  std::uint64_t protocol_errors = 0;  ///< connections ended because of what the host sent
  std::uint64_t digest_errors = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

  std::uint64_t admin_connects = 0;
  std::uint64_t io_connects = 0;
  std::uint64_t refused_connects = 0;
  std::uint64_t keep_alives = 0;
  std::uint64_t kato_expired = 0;
  std::uint64_t idle_expired = 0;
  std::uint64_t aens = 0;
  std::uint64_t dim_registered = 0;
  std::uint64_t dim_deregistered = 0;
  std::uint64_t dim_updated = 0;
  std::uint64_t dim_refused = 0;

  std::uint64_t authenticated = 0;
  std::uint64_t auth_failed = 0;

  CommandCounts commands{};
  std::map<std::uint8_t, std::uint64_t> log_reads;  ///< by LID
};

}  // namespace stas::target
