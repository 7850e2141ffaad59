// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/history.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libstas/core/base/unicode.h"
#include "libstas/core/brain/question.h"
#include "libstas/core/identity/tid_fields.h"

namespace stas {

namespace {

constexpr std::size_t kDots = 3;  // bytes of the "..." behind what was cut

// After these something is another way than before.
bool is_transition(Topic topic) {
  switch (topic) {
    case Topic::connected:
    case Topic::disconnecting:
    case Topic::disconnect_failed:
    case Topic::link_lost:
    case Topic::link_restored:
    case Topic::gone:
    case Topic::removed:
    case Topic::let_go:
    case Topic::held:
    case Topic::in_use:
    case Topic::connect_failed:
    case Topic::dc_lost:
    case Topic::registration_failed:
      return true;
    default:
      return false;
  }
}

// "(tcp, ...) | nvme3 - text" and "(tcp, ...) text" without the names.
std::string_view without_names(std::string_view text, const Report& report) {
  const auto drop = [&](std::string_view head) {
    if (!text.starts_with(head)) return false;
    text.remove_prefix(head.size());
    return true;
  };
  if (!drop(report.tid->to_string())) return text;
  if (const auto end = text.find(" - "); text.starts_with(" | ") && end != std::string_view::npos)
    text.remove_prefix(end + 3);
  else
    drop(" ");
  return text;
}

Json to_json(const Transition& transition) {
  auto object = Json::object();
  object.add("time", transition.at);
  object.add("event", transition.event);
  const auto texts = texts_of(transition.tid);
  for (std::size_t i = 0; i < kTidFields.size(); ++i) object.add(std::string(kTidFields[i].key), texts[i]);
  object.add("device", transition.device);
  object.add("reason", transition.reason);
  object.add("text", transition.text);
  return object;
}

}  // namespace

bool History::take(const Report& report, std::string_view text, std::int64_t clock) {
  if (!report.tid || report.level == Level::debug || !is_transition(report.topic)) return false;
  // A device that nobody knows is written "nvme?" for people.
  const std::string device = report.device == "nvme?" ? std::string() : report.device;
  add({clock, std::string(name_of(report.topic)), *report.tid, device, std::string(to_text(report.reason)),
       printable(without_names(text, report), kMaxTransitionText - kDots)});
  return true;
}

void History::restore(std::vector<Transition> saved) {
  for (Transition& transition : saved) add(std::move(transition));
}

void History::add(Transition transition) {
  const auto drop = [&](auto oldest) {
    if (const auto it = count_.find(oldest->tid); --it->second == 0) count_.erase(it);
    transitions_.erase(oldest);
  };
  if (count_[transition.tid]++ == kMaxTransitionsOfOne)
    drop(std::ranges::find(transitions_, transition.tid, &Transition::tid));
  if (transitions_.size() == kMaxTransitions) drop(transitions_.begin());
  transitions_.push_back(std::move(transition));
}

Json history_answer(const std::deque<Transition>& transitions, std::string_view question) {
  const Question asked(question);
  auto found = Json::array();
  for (const Transition& transition : transitions)
    if (question.empty() || asked.means(transition.tid) || asked.means_device(transition.device))
      found.append(to_json(transition));
  auto answer = Json::object();
  if (found.as_array()->empty()) {
    std::set<std::string_view> names;
    for (const Transition& transition : transitions)
      names.insert({transition.tid.subsysnqn(), transition.tid.traddr(), transition.device});
    auto list = Json::array();
    for (const auto name : names)
      if (!name.empty()) list.append(name);
    answer.add("names", std::move(list));
  }
  answer.add("transitions", std::move(found));
  return answer;
}

}  // namespace stas
