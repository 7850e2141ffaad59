// SPDX-License-Identifier: Apache-2.0
//
// When to try again: exponential, capped, with jitter, as a value. Deterministic: the jitter comes from a seed, so that
// controllers that failed together do not retry together, and tests replay.
#pragma once

#include <cstdint>

#include "libstas/core/base/time.h"

namespace stas {

struct BackoffPolicy {
  Duration first = std::chrono::seconds(3);
  Duration cap = std::chrono::seconds(60);
  double jitter = 0.1;  // +/- share of the delay
};

class Backoff {
 public:
  explicit Backoff(BackoffPolicy policy, std::uint64_t seed = 0) : policy_(policy), seed_(seed) {}

  // Records one more failure; returns the delay until the next attempt: first, 2*first, ... cap, each with jitter.
  Duration fail();
  void reset() { failures_ = 0; }
  unsigned failures() const { return failures_; }
  // Nominal delay (without jitter) after the failures so far; `first` when there were none.
  Duration interval() const;

 private:
  BackoffPolicy policy_;
  std::uint64_t seed_;
  unsigned failures_ = 0;
};

}  // namespace stas
