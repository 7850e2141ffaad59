// SPDX-License-Identifier: Apache-2.0
//
// The rules of reservations.
#include "tests/target/backend/reservation.h"

#include <utility>
#include <vector>

namespace stas::target {

bool Reservation::is_registered(const HostId& host, std::uint64_t key) const {
  const auto it = keys_.find(host);
  return it != keys_.end() && it->second == key;
}

bool Reservation::is_holder(const HostId& host) const { return is_of_all() ? keys_.contains(host) : holder_ == host; }

Reservation::Outcome Reservation::enroll(const HostId& host, std::uint64_t key, bool ignore_existing,
                                         std::uint64_t /*existing*/) {
  const auto it = keys_.find(host);
  if (it != keys_.end() && it->second != key && !ignore_existing) return Outcome::conflict;
  keys_[host] = key;
  ++generation_;
  return Outcome::done;
}

Reservation::Outcome Reservation::replace(const HostId& host, std::uint64_t key, bool ignore_existing,
                                          std::uint64_t existing) {
  const auto it = keys_.find(host);
  if (it == keys_.end() || (!ignore_existing && it->second != existing)) return Outcome::conflict;
  it->second = key;
  ++generation_;
  return Outcome::done;
}

/// Everybody else who is registered is told; the reservation is gone.
void Reservation::end(const HostId& by, Notice notice) {
  for (const auto& [host, key] : keys_) {
    if (host != by) notes_.insert({host, notice});
  }
  holder_.reset();
  type_ = Type::none;
}

void Reservation::remove(const HostId& host) {
  const bool held = is_of_all() ? keys_.size() == 1 : holder_ == host;
  keys_.erase(host);
  if (!held || type_ == Type::none) return;
  const bool told = type_ == Type::write_exclusive_registrants || type_ == Type::exclusive_access_registrants;
  if (told) {
    end(host, Notice::released);
  } else {
    holder_.reset();
    type_ = Type::none;
  }
}

Reservation::Outcome Reservation::unregister(const HostId& host, std::uint64_t key, bool ignore_existing) {
  const auto it = keys_.find(host);
  if (it == keys_.end() || (!ignore_existing && it->second != key)) return Outcome::conflict;
  remove(host);
  ++generation_;
  return Outcome::done;
}

Reservation::Outcome Reservation::acquire(const HostId& host, std::uint64_t key, Type type) {
  if (type == Type::none || type > Type::exclusive_access_all) return Outcome::invalid;
  if (!is_registered(host, key)) return Outcome::conflict;
  if (type_ != Type::none) return is_holder(host) && type == type_ ? Outcome::done : Outcome::conflict;
  type_ = type;
  if (!is_of_all()) holder_ = host;
  return Outcome::done;
}

Reservation::Outcome Reservation::preempt(const HostId& host, std::uint64_t key, std::uint64_t victim, Type type) {
  if (type == Type::none || type > Type::exclusive_access_all) return Outcome::invalid;
  if (!is_registered(host, key)) return Outcome::conflict;
  const bool takes_over = type_ != Type::none && (is_of_all() ? victim == 0 : keys_[*holder_] == victim);
  if (victim == 0 && !(type_ != Type::none && is_of_all())) return Outcome::invalid;
  std::vector<HostId> victims;
  for (const auto& [other, other_key] : keys_) {
    if (other != host && (other_key == victim || victim == 0)) victims.push_back(other);
  }
  if (victims.empty() && !takes_over) return Outcome::conflict;
  for (const HostId& other : victims) {
    notes_.insert({other, takes_over && is_holder(other) ? Notice::preempted : Notice::registration_preempted});
  }
  if (takes_over) {
    holder_.reset();
    const Type before = std::exchange(type_, Type::none);
    for (const HostId& other : victims) keys_.erase(other);
    type_ = type;
    if (!is_of_all()) holder_ = host;
    if (before != type) {
      for (const auto& [other, other_key] : keys_) {
        if (other != host) notes_.insert({other, Notice::released});
      }
    }
  } else {
    for (const HostId& other : victims) keys_.erase(other);
  }
  ++generation_;
  return Outcome::done;
}

Reservation::Outcome Reservation::release(const HostId& host, std::uint64_t key, Type type) {
  if (!is_registered(host, key)) return Outcome::conflict;
  if (type_ == Type::none || !is_holder(host)) return Outcome::done;
  if (type != type_) return Outcome::invalid;
  const bool told = type_ >= Type::write_exclusive_registrants;
  if (told) {
    end(host, Notice::released);
  } else {
    holder_.reset();
    type_ = Type::none;
  }
  return Outcome::done;
}

Reservation::Outcome Reservation::clear(const HostId& host, std::uint64_t key) {
  if (!is_registered(host, key)) return Outcome::conflict;
  end(host, Notice::preempted);
  keys_.clear();
  ++generation_;
  return Outcome::done;
}

bool Reservation::admits(const HostId& host, bool writing) const {
  if (type_ == Type::none || is_holder(host)) return true;
  switch (type_) {
    case Type::write_exclusive:
      return !writing;
    case Type::write_exclusive_registrants:
    case Type::write_exclusive_all:
      return !writing || keys_.contains(host);
    case Type::exclusive_access_registrants:
    case Type::exclusive_access_all:
      return keys_.contains(host);
    case Type::exclusive_access:
    case Type::none:
      break;
  }
  return false;
}

}  // namespace stas::target
