// SPDX-License-Identifier: Apache-2.0
//
// What happened to the controllers: the last transitions, with time and reason, for whoever asks afterwards. They are
// taken from the same reports as the lines of the journal, not parsed from their text, and saved over a restart. A
// value; bounded, also for each controller, so that one that flaps does not take the others' place.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/base/json.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/identity/tid.h"

namespace stas {

inline constexpr std::size_t kMaxTransitions = 2000;
inline constexpr std::size_t kMaxTransitionsOfOne = 100;
inline constexpr std::size_t kMaxTransitionText = 400;      // bytes of `text`
inline constexpr std::size_t kMaxHistoryBytes = 16U << 20;  // of the file: all of them, with the longest names

struct Transition {
  std::int64_t at = 0;  // milliseconds since 1970
  std::string event;    // name of a Topic; of another version's, it is kept as it is
  Tid tid;
  std::string device;  // "nvme3", "" without one
  std::string reason;  // text of a Reason, "" without one
  std::string text;    // what the journal said, without the names
  friend bool operator==(const Transition&, const Transition&) = default;
};

class History {
 public:
  // `text`: of the report, as it is told. `clock`: milliseconds since 1970. False: it is no transition (about no
  // controller, a repetition, or about something that leaves everything as it is).
  bool take(const Report& report, std::string_view text, std::int64_t clock);
  // What was saved; before the first take().
  void restore(std::vector<Transition> saved);
  // The oldest first.
  const std::deque<Transition>& transitions() const { return transitions_; }

 private:
  void add(Transition transition);

  std::deque<Transition> transitions_;
  std::unordered_map<Tid, std::size_t> count_;
};

// The file, one line for each transition; and what can be used of one.
std::string format_history(const std::deque<Transition>& transitions, std::string_view daemon);
struct HistoryRead {
  std::vector<Transition> transitions;
  std::vector<Complaint> complaints;
};
HistoryRead parse_history(std::string_view text, std::string_view path, std::string_view daemon);

// What the bus answers to whoever asks about `question` (core/brain/question; "": about all): {"transitions": [...]},
// and when there are none, "names": those that there are.
Json history_answer(const std::deque<Transition>& transitions, std::string_view question);

}  // namespace stas
