// SPDX-License-Identifier: Apache-2.0
//
// Deadlines by key: at most one per key, the nearest first. A value without a clock; the owner asks what is due.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "tests/target/core/command.h"

namespace stas::target {

class Timers {
 public:
  void set(std::uint64_t key, Instant when) {
    cancel(key);
    by_key_[key] = when;
    order_.emplace(when, key);
  }

  void cancel(std::uint64_t key) {
    const auto it = by_key_.find(key);
    if (it == by_key_.end()) return;
    order_.erase({it->second, key});
    by_key_.erase(it);
  }

  [[nodiscard]] std::optional<Instant> next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }

  /// Takes one key whose time has come.
  std::optional<std::uint64_t> pop_due(Instant now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    const auto key = order_.begin()->second;
    order_.erase(order_.begin());
    by_key_.erase(key);
    return key;
  }

 private:
  std::set<std::pair<Instant, std::uint64_t>> order_;
  std::map<std::uint64_t, Instant> by_key_;
};

}  // namespace stas::target
