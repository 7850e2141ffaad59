// SPDX-License-Identifier: Apache-2.0
//
// Simulated time: what happens, in order of when.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "libstas/core/base/time.h"

namespace stas::fleet {

class Clock {
 public:
  Instant now() const { return now_; }
  void at(Instant when, std::function<void()> what) {
    events_.push({when < now_ ? now_ : when, next_++, std::move(what)});
  }
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  void run_until(Instant end) {
    while (!events_.empty() && events_.top().when <= end) {
      now_ = events_.top().when;
      const auto what = std::move(const_cast<Happening&>(events_.top()).what);
      events_.pop();
      what();
    }
    now_ = end;
  }

 private:
  struct Happening {
    Instant when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Happening& other) const {
      return std::pair(when, order) > std::pair(other.when, other.order);  // the first is on top
    }
  };

  std::priority_queue<Happening> events_;
  Instant now_{};
  std::uint64_t next_ = 0;
};

}  // namespace stas::fleet
