// SPDX-License-Identifier: Apache-2.0
//
// Time as the deciding code sees it: an argument. Instants are on the monotonic clock of the machine; only
// libstas/sys reads a clock, tests make instants up.
#pragma once

#include <chrono>

namespace stas {

using Duration = std::chrono::microseconds;

// A clock that cannot be read: it only gives Instant a type of its own.
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock, duration>;
  static constexpr bool is_steady = true;
};

using Instant = MonotonicClock::time_point;

inline constexpr Instant kNever = Instant::max();

}  // namespace stas
