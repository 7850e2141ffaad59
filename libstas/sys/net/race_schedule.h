// SPDX-License-Identifier: Apache-2.0
//
// Which of several addresses is tried when, so that one that is silent costs a quarter of a second and not the whole of
// its deadline: each in the order given, the next beside it after the Connection Attempt Delay (RFC 8305, clauses 5 and
// 8), or at once when one has failed. A value, without clock, sockets or callbacks.
#pragma once

#include <cstddef>
#include <optional>

#include "libstas/core/base/time.h"

namespace stas {

inline constexpr Duration kAttemptDelay = std::chrono::milliseconds(250);

class RaceSchedule {
 public:
  // Attempts 0 to `attempts` - 1, in this order; the first is due at `now`.
  RaceSchedule(std::size_t attempts, Instant now) : left_(attempts), running_or_waiting_(attempts), due_(now) {}

  // The attempt to start now, if one is due: to be called until there is none.
  std::optional<std::size_t> start(Instant now);
  // One that was started has failed.
  void failed(Instant now);
  // When start() has the next; kNever: all are started.
  Instant deadline() const { return left_ == 0 ? kNever : due_; }
  // All were started, and have failed.
  bool lost() const { return running_or_waiting_ == 0; }

 private:
  std::size_t next_ = 0;
  std::size_t left_;
  std::size_t running_or_waiting_;
  Instant due_;
};

}  // namespace stas
