// SPDX-License-Identifier: Apache-2.0
//
// Turns a loop until something has happened, for tests: no sleeping, one generous limit.
#pragma once

#include "libstas/sys/os/loop.h"

namespace stas::test {

template <class Condition>
bool run_until(Loop& loop, Condition happened, Duration limit = std::chrono::seconds(20)) {
  const Instant end = loop.now() + limit;
  while (!happened()) {
    if (loop.now() >= end) return false;
    loop.run_once(std::chrono::milliseconds(50));
  }
  return true;
}

}  // namespace stas::test
