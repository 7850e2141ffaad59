// SPDX-License-Identifier: Apache-2.0
//
// The masking rules: an event is sent once and then stays quiet until the host reads the log page it points to with
// RAE = 0; without a request outstanding it waits (NVMe base, Asynchronous Event Request).
#include "tests/target/core/events.h"

#include <algorithm>

#include "tests/target/core/constants.h"

namespace stas::target {
namespace {

struct Kind {
  std::uint32_t enable_bit;  ///< of feature 0Bh; 0: always enabled
  std::uint8_t lid;
  std::uint32_t result;
};

// In the order of enum Event.
constexpr std::array<Kind, kEventKinds> kKinds{{
    {1U << 8, log_id::kChangedNs, 0x00040002},
    {1U << 11, log_id::kAna, 0x000C0302},
    {1U << 31, log_id::kDiscovery, 0x0070F002},
    {0, log_id::kReservation, 0x00800006},  // feature 82h masks it, namespace by namespace
}};

}  // namespace

bool Events::park(std::uint16_t cid) {
  if (requests_.size() >= kMaxAers) return false;
  requests_.push_back(cid);
  return true;
}

bool Events::abort(std::uint16_t cid) {
  const auto it = std::find(requests_.begin(), requests_.end(), cid);
  if (it == requests_.end()) return false;
  requests_.erase(it);
  return true;
}

void Events::raise(Event event) {
  const auto index = static_cast<std::size_t>(event);
  const std::uint32_t bit = kKinds[index].enable_bit;
  if ((bit != 0 && (enabled_ & bit) == 0) || state_[index].masked) return;
  state_[index] = {.masked = true, .pending = true};
}

void Events::rearm(std::uint8_t lid) {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i].lid == lid) state_[i].masked = false;
  }
}

std::optional<Events::Delivery> Events::next() {
  if (requests_.empty()) return std::nullopt;
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (!state_[i].pending) continue;
    state_[i].pending = false;
    const Delivery delivery{requests_.front(), kKinds[i].result};
    requests_.pop_front();
    return delivery;
  }
  return std::nullopt;
}

void Events::reset() {
  state_ = {};
  requests_.clear();
  enabled_ = 0;
}

}  // namespace stas::target
