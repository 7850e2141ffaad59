// SPDX-License-Identifier: Apache-2.0
#include "stacd/plan_json.h"

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

Json to_json(const Plan& plan, Instant now) {
  auto steps = Json::array();
  for (const auto& step : plan.steps) steps.append(to_json(step, now));
  auto json = Json::object();
  json.add("finished", plan.finished);
  json.add("steps", std::move(steps));
  return json;
}

}  // namespace stas
