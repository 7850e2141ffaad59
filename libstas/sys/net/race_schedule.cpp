// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/race_schedule.h"

namespace stas {

std::optional<std::size_t> RaceSchedule::start(Instant now) {
  if (left_ == 0 || now < due_) return std::nullopt;
  --left_;
  due_ = now + kAttemptDelay;
  return next_++;
}

void RaceSchedule::failed(Instant now) {
  --running_or_waiting_;
  due_ = now;
}

}  // namespace stas
