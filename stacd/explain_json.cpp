// SPDX-License-Identifier: Apache-2.0
#include "stacd/explain_json.h"

#include <utility>

#include "libstas/core/identity/tid_fields.h"

namespace stas {

namespace {

Json seconds(Duration time) { return static_cast<double>(time.count()) / 1e6; }

Json seconds(const std::optional<Duration>& time) { return time ? seconds(*time) : Json(nullptr); }

Json texts(const std::vector<std::string>& list) {
  auto json = Json::array();
  for (const auto& text : list) json.append(text);
  return json;
}

Json to_json(const Explanation::Rule& rule) {
  auto json = Json::object();
  json.add("rule", rule.text);
  json.add("source", rule.place);
  json.add("effect", rule.effect);
  return json;
}

Json to_json(const Explanation::Option& option) {
  auto json = Json::object();
  json.add("option", option.name);
  json.add("value", option.value);
  json.add("source", option.from);
  return json;
}

template <class T>
Json list_of(const std::vector<T>& items) {
  auto json = Json::array();
  for (const auto& item : items) json.append(to_json(item));
  return json;
}

Json to_json(const Explanation& told, Instant now) {
  auto json = Json::object();
  if (told.tid) {
    const auto fields = texts_of(*told.tid);
    for (std::size_t i = 0; i < kTidFields.size(); ++i) json.add(std::string(kTidFields[i].key), fields[i]);
    json.add("name", told.tid->to_string());
  }
  json.add("verdict", told.verdict);
  json.add("reason", told.why);
  json.add("since", seconds(told.since));
  json.add("until", told.until == kNever ? Json(nullptr) : seconds(told.until - now));
  json.add("then", told.then);
  json.add("sources", texts(told.named));
  json.add("earlier sources", texts(told.once));
  json.add("rules", list_of(told.rules));
  json.add("options", list_of(told.options));
  json.add("device", told.device);
  json.add("state", told.state);
  json.add("connected since", seconds(told.bound));
  json.add("shared with", told.shared);
  json.add("operation", told.doing);
  json.add("attempts", told.attempts);
  json.add("next attempt", seconds(told.next));
  json.add("no attempt", told.no_attempt);
  json.add("last error", told.last_error);
  json.add("failed", seconds(told.failed));
  return json;
}

}  // namespace

Json to_json(const Answer& answer, Instant now) {
  auto controllers = Json::array();
  for (const auto& told : answer.controllers) controllers.append(to_json(told, now));
  auto json = Json::object();
  json.add("complete", answer.complete);
  json.add("controllers", std::move(controllers));
  json.add("more", answer.more);
  json.add("hints", texts(answer.hints));
  json.add("names", texts(answer.names));
  return json;
}

}  // namespace stas
