// SPDX-License-Identifier: Apache-2.0
//
// Reservations on one namespace (NVMe base, Reservations): who is registered with which key, who holds what, and whom a
// change concerns. A value without a transport; hosts are named by their 128-bit HOSTID.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "tests/target/core/wire.h"

namespace stas::target {

using HostId = std::array<std::uint8_t, 16>;

class Reservation {
 public:
  enum class Type : std::uint8_t {
    none = 0,
    write_exclusive = 1,
    exclusive_access = 2,
    write_exclusive_registrants = 3,
    exclusive_access_registrants = 4,
    write_exclusive_all = 5,
    exclusive_access_all = 6
  };
  enum class Outcome { done, conflict, invalid };

  /// What log page 80h tells the hosts concerned.
  enum class Notice : std::uint8_t { registration_preempted = 1, released = 2, preempted = 3 };

  Outcome enroll(const HostId& host, std::uint64_t key, bool ignore_existing, std::uint64_t existing);
  Outcome replace(const HostId& host, std::uint64_t key, bool ignore_existing, std::uint64_t existing);
  Outcome unregister(const HostId& host, std::uint64_t key, bool ignore_existing);
  Outcome acquire(const HostId& host, std::uint64_t key, Type type);
  Outcome preempt(const HostId& host, std::uint64_t key, std::uint64_t victim, Type type);
  Outcome release(const HostId& host, std::uint64_t key, Type type);
  Outcome clear(const HostId& host, std::uint64_t key);

  /// Whether a host may read or write while things are as they are.
  [[nodiscard]] bool admits(const HostId& host, bool writing) const;
  /// Notes of the last change, handed over.
  std::set<std::pair<HostId, Notice>> take_notes() { return std::exchange(notes_, {}); }

  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] std::uint32_t generation() const { return generation_; }
  [[nodiscard]] const std::map<HostId, std::uint64_t>& registrants() const { return keys_; }
  [[nodiscard]] bool is_holder(const HostId& host) const;

 private:
  [[nodiscard]] bool is_registered(const HostId& host, std::uint64_t key) const;
  [[nodiscard]] bool is_of_all() const { return type_ >= Type::write_exclusive_all; }
  void remove(const HostId& host);
  void end(const HostId& by, Notice notice);

  std::map<HostId, std::uint64_t> keys_;
  std::optional<HostId> holder_;
  Type type_ = Type::none;
  std::uint32_t generation_ = 0;
  std::set<std::pair<HostId, Notice>> notes_;
};

}  // namespace stas::target
