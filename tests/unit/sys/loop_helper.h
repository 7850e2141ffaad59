// SPDX-License-Identifier: Apache-2.0
//
// Runs a loop until something is so: waits for events, never sleeps, and gives up after one generous limit.
#pragma once

#include <chrono>

#include "libstas/sys/os/loop.h"

namespace stas::test {

inline constexpr Duration kPatience = std::chrono::seconds(30);

template <class Condition>
bool run_until(Loop& loop, Condition condition, Duration limit = kPatience) {
  const Instant end = loop.now() + limit;
  while (!condition()) {
    const Duration left = end - loop.now();
    if (left <= Duration::zero()) return false;
    loop.run_once(left);
  }
  return true;
}

}  // namespace stas::test
