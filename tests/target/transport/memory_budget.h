// SPDX-License-Identifier: Apache-2.0
//
// Bytes that connections may hold for their hosts: data they were told to send, data of reads until it has left. Who
// cannot have what it needs waits its turn, so that neither one connection nor all of them together let the process
// grow beyond what the configuration says.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "tests/target/core/model.h"

namespace stas::target {

class MemoryBudget {
 public:
  void configure(const MemoryConfig& config) { config_ = config; }
  [[nodiscard]] const MemoryConfig& config() const { return config_; }

  /// For a connection that holds `held` already; one that holds nothing is refused only by the total. False: it is
  /// remembered as waiting.
  bool take(std::uint64_t connection, std::uint64_t held, std::uint64_t amount) {
    const bool own = held == 0 || held + amount <= config_.per_connection;
    if (own && used_ + amount <= config_.total) {
      used_ += amount;
      return true;
    }
    if (own) waiting_.insert(connection);  // its own return of memory would wake it anyway
    return false;
  }
  void give_back(std::uint64_t amount) { used_ -= amount; }

  /// Connections that wait and may try again, once there is something to have.
  std::set<std::uint64_t> take_waiting() {
    if (used_ + kWorthTrying > config_.total) return {};
    return std::exchange(waiting_, {});
  }
  void forget(std::uint64_t connection) { waiting_.erase(connection); }
  [[nodiscard]] std::uint64_t used() const { return used_; }

 private:
  static constexpr std::uint64_t kWorthTrying = kMaxTransfer;

  MemoryConfig config_{};
  std::uint64_t used_ = 0;
  std::set<std::uint64_t> waiting_;
};

}  // namespace stas::target
