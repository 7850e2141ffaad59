// SPDX-License-Identifier: Apache-2.0
//
// How much may be said: so many messages about one subject (a controller) within a time, and so many in all. A surprise
// is reported once (law 9), but who wants to can be surprising for ever, and there may be thousands of him. What is
// refused is counted, and the number told when the time is over. Nobody's messages use up another's share, except that
// there is an end to all.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "libstas/core/base/time.h"

namespace stas {

struct LogBounds {
  // A connect that fails, its reasons, a success and a loss are some six; an administrator who tries things makes a few
  // rounds of it, and a fabric that is being set up has news every few seconds.
  std::size_t per_subject = 60;
  // All the connections that a large host makes at its start are told, one by one.
  std::size_t in_all = 5000;
  Duration window = std::chrono::minutes(10);
};

class LogLimit {
 public:
  explicit LogLimit(LogBounds bounds = {}) : bounds_(bounds) {}

  // May one more message about `subject` be written? Time does not go back.
  bool admits(const std::string& subject, Instant now);

  struct Untold {
    std::string subject;  // "": beyond what is said in all
    std::size_t messages = 0;
  };
  // What was refused in times that are over. kNever: all, for the end.
  std::vector<Untold> take(Instant now);
  // When there will be something to take; kNever: nothing was refused.
  Instant deadline() const;

  const LogBounds& bounds() const { return bounds_; }

 private:
  struct Window {
    Instant end = kNever;
    std::size_t told = 0;
    std::size_t untold = 0;
  };
  struct Subject {
    Instant end;
    std::string name;
  };

  void expire(Instant now);

  const LogBounds bounds_;
  Window all_;
  std::unordered_map<std::string, Window> windows_;  // at most in_all: who was refused by that gets none
  std::deque<Subject> order_;                        // of their ends
  std::vector<Untold> ended_;
};

}  // namespace stas
