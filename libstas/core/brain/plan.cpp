// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/plan.h"

#include <algorithm>
#include <utility>

#include "libstas/core/identity/tid_fields.h"

namespace stas {

namespace {

double seconds(Duration time) { return static_cast<double>(time.count()) / 1e6; }

bool takes_place(Fate fate) { return fate <= Fate::forget; }

Json to_json(const PlannedStep& step, Instant now) {
  auto json = Json::object();
  json.add("action", to_text(step.fate));
  if (takes_place(step.fate)) json.add("after", seconds(step.after));
  if (step.fate == Fate::hold)
    json.add("until", step.until == kNever ? Json(nullptr) : Json(seconds(step.until - now)));
  json.add("device", step.device);
  const auto texts = texts_of(step.tid);
  for (std::size_t i = 0; i < kTidFields.size(); ++i) json.add(std::string(kTidFields[i].key), texts[i]);
  json.add("reason", step.why);
  json.add("source", step.source);
  return json;
}

}  // namespace

std::string_view to_text(Fate fate) {
  switch (fate) {
    case Fate::disconnect:
      return "disconnect";
    case Fate::release:
      return "release";
    case Fate::connect:
      return "connect";
    case Fate::forget:
      return "forget";
    case Fate::hold:
      return "hold";
    case Fate::refuse:
      return "refuse";
    case Fate::wait:
      return "wait";
    case Fate::keep:
      return "keep";
  }
  return "";
}

bool Plan::has(Fate fate) const {
  return std::ranges::any_of(steps, [&](const PlannedStep& step) { return step.fate == fate; });
}

Json to_json(const Plan& plan, Instant now) {
  auto steps = Json::array();
  for (const auto& step : plan.steps) steps.append(to_json(step, now));
  auto json = Json::object();
  json.add("finished", plan.finished);
  json.add("steps", std::move(steps));
  return json;
}

Json plan_answer(const std::string& configuration, const std::vector<std::string>& complaints,
                 const std::optional<Json>& plan) {
  auto answer = Json::object();
  answer.add("configuration", configuration);
  answer.add("understood", plan.has_value());
  auto list = Json::array();
  for (const auto& complaint : complaints) list.append(complaint);
  answer.add("complaints", std::move(list));
  if (plan)
    for (const auto& [key, value] : *plan->as_object()) answer.add(key, value);
  return answer;
}

}  // namespace stas
