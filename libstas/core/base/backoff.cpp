// SPDX-License-Identifier: Apache-2.0
//
// Exponential backoff. The jitter of the n-th failure is a function of seed and n alone (splitmix64), so a history
// replays exactly.
#include "libstas/core/base/backoff.h"

#include <algorithm>

namespace stas {
namespace {

// splitmix64 (Steele, Lea, Flood 2014): good enough spread from consecutive inputs.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

// In [-1, 1).
double noise(std::uint64_t seed, unsigned number) {
  const std::uint64_t bits = mixed(mixed(seed) + number) >> 11U;
  return static_cast<double>(bits) / static_cast<double>(std::uint64_t{1} << 52U) - 1.0;
}

}  // namespace

Duration Backoff::fail() {
  ++failures_;
  const double share = std::clamp(policy_.jitter, 0.0, 1.0) * noise(seed_, failures_);
  const auto nominal = interval();
  return nominal + Duration(static_cast<Duration::rep>(static_cast<double>(nominal.count()) * share));
}

Duration Backoff::interval() const {
  Duration delay = policy_.first;
  for (unsigned i = 1; i < failures_ && delay < policy_.cap; ++i) {
    if (delay > policy_.cap / 2) return policy_.cap;
    delay *= 2;
    if (delay == Duration::zero()) break;
  }
  return std::min(delay, policy_.cap);
}

}  // namespace stas
