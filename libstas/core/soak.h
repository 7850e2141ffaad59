// SPDX-License-Identifier: Apache-2.0
//
// Wait until changes stop before acting, but not for ever: each trigger moves the deadline, up to a bound counted from
// the first one (regressions 36).
#pragma once

#include "libstas/core/time.h"

namespace stas {

class Soak {
 public:
  // Changes must be quiet for `quiet`; at the latest `limit` after the first trigger the soak is over.
  Soak(Duration quiet, Duration limit) : quiet_(quiet), limit_(limit) {}

  void trigger(Instant now) { trigger(now, quiet_); }
  // The same with another quiet time, for this round at least.
  void trigger(Instant now, Duration quiet) {
    if (deadline_ == kNever) latest_ = now + (limit_ > quiet ? limit_ : quiet);
    const Instant wanted = now + quiet;
    deadline_ = wanted < latest_ ? wanted : latest_;
  }
  bool running() const { return deadline_ != kNever; }
  bool over(Instant now) const { return running() && now >= deadline_; }
  void stop() { deadline_ = kNever; }
  Instant deadline() const { return deadline_; }  // kNever when not running
  Duration quiet() const { return quiet_; }

 private:
  Duration quiet_;
  Duration limit_;
  Instant deadline_ = kNever;
  Instant latest_ = kNever;
};

}  // namespace stas
