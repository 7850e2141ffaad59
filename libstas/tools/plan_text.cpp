// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/plan_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "libstas/core/base/unicode.h"

namespace stas {

namespace {

constexpr int kNoPlan = 1, kChanges = 2, kDisconnects = 3;

// In the order in which people should read them; and how a line begins that counts them.
constexpr std::array<std::string_view, 8> kActions{"disconnect", "release", "connect", "forget",
                                                   "hold",       "refuse",  "wait",    "keep"};
constexpr std::size_t kChanging = 4;  // so many of them change something

std::string_view action_of(const Json& step) {
  const Json* action = step.find("action");
  const auto* text = action == nullptr ? nullptr : action->as_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::size_t count(const Json::Array& steps, std::string_view action) {
  return static_cast<std::size_t>(
      std::count_if(steps.begin(), steps.end(), [&](const Json& step) { return action_of(step) == action; }));
}

int exit_status(const Json::Array& steps) {
  if (count(steps, kActions.front()) > 0) return kDisconnects;
  const auto* const changing_end = kActions.begin() + kChanging;
  const bool changes =
      std::any_of(kActions.begin(), changing_end, [&](auto action) { return count(steps, action) > 0; });
  return changes ? kChanges : 0;
}

// "1.5 s"
std::string seconds(const Json& value) {
  const auto number = value.as_double();
  if (!number) return {};
  char text[32] = {};
  std::snprintf(text, sizeof text, "%.3g s", *number);
  return text;
}

// The host NQN is the same for nearly everything: it is shown only where it tells some apart.
bool same_host(const Json::Array& steps) {
  const auto host = [](const Json& step) { return step.find("host-nqn") == nullptr ? Json() : *step.find("host-nqn"); };
  return std::all_of(steps.begin(), steps.end(), [&](const Json& step) { return host(step) == host(steps.front()); });
}

// For people: in the order of importance, and times with their unit.
Json::Array shown_steps(const Json::Array& steps) {
  const bool hide_host = same_host(steps);
  Json::Array rows;
  for (const auto action : kActions) {
    for (const auto& step : steps) {
      if (action_of(step) != action) continue;
      Json row = step;
      for (const char* time : {"after", "until"})
        if (const Json* value = row.find(time); value != nullptr) row.set(time, seconds(*value));
      if (hide_host) row.set("host-nqn", "");
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string summary(const Json::Array& steps) {
  std::string text;
  for (const auto action : kActions)
    if (const auto n = count(steps, action); n > 0)
      text += (text.empty() ? "" : ", ") + std::to_string(n) + " " + std::string(action);
  return (text.empty() ? "no controllers" : text) + "\n";
}

}  // namespace

CtlPrint print_plan(const Json& plan, std::optional<OutputFormat> format) {
  CtlPrint print;
  const Json* complaints = plan.find("complaints");
  if (complaints != nullptr && complaints->as_array() != nullptr)
    for (const auto& complaint : *complaints->as_array())
      if (const auto* text = complaint.as_string()) print.err += printable(*text) + "\n";
  const Json* steps = plan.find("steps");
  const bool made = steps != nullptr && steps->as_array() != nullptr;
  print.exit_code = made ? exit_status(*steps->as_array()) : kNoPlan;
  if (format && *format != OutputFormat::table) {
    print.out = format_document(plan, *format);
  } else if (made) {
    print.out = format_document(shown_steps(*steps->as_array()), OutputFormat::table) + summary(*steps->as_array());
  }
  if (made && plan.find("finished") != nullptr && *plan.find("finished") == Json(false)) {
    print.err += "The plan does not come to an end; it is told as far as it goes\n";
    print.exit_code = kDisconnects;  // who knows
  }
  return print;
}

int show_plan(const Result<Json>& plan) {
  if (!plan) {
    std::fprintf(stderr, "%s\n", printable(plan.error().text).c_str());
    return kNoPlan;
  }
  const CtlPrint print = print_plan(*plan, std::nullopt);
  std::fputs(print.err.c_str(), stderr);
  const bool written = std::fputs(print.out.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written ? print.exit_code : kNoPlan;
}

}  // namespace stas
