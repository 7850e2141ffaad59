// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/explain_text.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/tools/json_fields.h"

namespace stas {

namespace {

constexpr std::size_t kLabel = 17;  // columns of what a line is about, the indent among them

class Paragraph {
 public:
  explicit Paragraph(const Json& told) : told_(told) {}

  std::string render() {
    out_ = heading() + "\n";
    line("verdict", verdict());
    list("named by", "sources");
    list("once named by", "earlier sources");
    rules();
    connection();
    attempts();
    if (const Json* details = told_.find("details"); details != nullptr && details->as_object() != nullptr)
      for (const auto& [name, value] : *details->as_object()) line(escaped(name), text_of(*details, name));
    options();
    return out_;
  }

 private:
  std::string text(std::string_view key) const { return text_of(told_, key); }
  // "" where there is no number.
  std::string time(std::string_view key) const {
    const Json* value = told_.find(key);
    return value == nullptr || !value->as_double() ? std::string() : span_text(*value->as_double());
  }
  void line(std::string_view label, const std::string& value) {
    if (value.empty()) return;
    std::string head = "  " + std::string(label);
    head.resize(std::max(head.size() + 1, kLabel), ' ');
    out_ += head + value + "\n";
  }

  std::string heading() const {
    const auto name = text("name");
    return name.empty() ? text("device") : name;
  }

  std::string verdict() const {
    std::string value = text("verdict");
    if (const auto why = text("reason"); !why.empty()) value += ": " + why;
    if (const auto since = time("since"); !since.empty()) value += ", for " + since;
    const auto until = time("until"), then = text("then");
    if (!until.empty()) value += (then.empty() ? "; at most for another " : "; in ") + until;
    if (!then.empty()) value += (until.empty() ? "; " : " ") + then;
    return value;
  }

  void list(std::string_view label, std::string_view key) {
    for (const Json& item : items_of(told_, key)) {
      if (item.as_string() == nullptr) continue;
      line(label, escaped(*item.as_string()));
      label = "";
    }
  }

  void rules() {
    std::string_view label = "rules";
    for (const Json& rule : items_of(told_, "rules")) {
      const auto source = text_of(rule, "source");
      line(label, (source.empty() ? "" : source + ": ") + text_of(rule, "rule") + " - " + text_of(rule, "effect"));
      label = "";
    }
  }

  void connection() {
    std::string value = text("device");
    if (value.empty()) value = "none";
    value += ", " + text("state");
    if (const auto since = time("connected since"); !since.empty()) value += ", ours for " + since;
    if (const auto shared = text("shared with"); !shared.empty()) value += ", the same as of " + shared;
    if (const auto doing = text("operation"); !doing.empty()) value += ", " + doing;
    line("device", value);
  }

  void attempts() {
    const Json* count = told_.find("attempts");
    const auto next = time("next attempt"), none = text("no attempt");
    std::string value = count != nullptr && count->as_int() ? std::to_string(*count->as_int()) : "";
    if (!next.empty()) value += ", the next in " + next;
    if (!none.empty()) value += ", no other: " + none;
    if (value != "0") line("attempts", value);
    if (const auto error = text("last error"); !error.empty())
      line("last error", error + " (" + time("failed") + " ago)");
  }

  void options() {
    std::string_view label = "options";
    for (const Json& option : items_of(told_, "options")) {
      line(label, text_of(option, "option") + "=" + text_of(option, "value") + " (" + text_of(option, "source") + ")");
      label = "";
    }
  }

  const Json& told_;
  std::string out_;
};

}  // namespace

std::string span_text(double seconds) {
  if (seconds < 10) {
    char text[32] = {};
    std::snprintf(text, sizeof text, "%.2g s", seconds);
    return text;
  }
  constexpr double kLongest = 1e9;  // some thirty years; more is no time of a daemon
  const auto whole = static_cast<std::int64_t>(std::min(seconds, kLongest));
  const auto two = [](std::int64_t large, const char* unit, std::int64_t small, const char* other) {
    const std::string text = std::to_string(large) + unit;
    return small == 0 ? text : text + " " + std::to_string(small) + other;
  };
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return two(whole / 60, " min", whole % 60, " s");
  if (whole < 86400) return two(whole / 3600, " h", whole / 60 % 60, " min");
  return two(whole / 86400, " d", whole / 3600 % 24, " h");
}

std::string explain_text(const Json& answer) {
  std::string out;
  for (const Json& told : items_of(answer, "controllers")) out += (out.empty() ? "" : "\n") + Paragraph(told).render();
  if (const Json* more = answer.find("more"); more != nullptr && more->as_int().value_or(0) > 0)
    out += "\n" + std::to_string(*more->as_int()) + " more controllers match; ask for one of them\n";
  const auto& hints = items_of(answer, "hints");
  if (!out.empty() && !hints.empty()) out += "\n";
  for (const Json& hint : hints)
    if (hint.as_string() != nullptr) out += escaped(*hint.as_string()) + "\n";
  return out;
}

}  // namespace stas
