// SPDX-License-Identifier: Apache-2.0
//
// The file of a history: JSON, one line for each transition.
#include <array>
#include <optional>
#include <utility>

#include "libstas/core/base/unicode.h"
#include "libstas/core/brain/history.h"
#include "libstas/core/identity/tid_fields.h"

namespace stas {

namespace {

constexpr std::string_view kHistoryFormat = "stas history";
constexpr int kHistoryVersion = 1;
constexpr unsigned kTransitionLevel = 2;     // the elements of transitions[]
constexpr std::size_t kMaxHistoryWord = 64;  // bytes of an event, a device, a reason
constexpr std::size_t kMaxHistoryValues = 64U << 10;
constexpr std::array<std::string_view, 4> kTransitionWords{"event", "device", "reason", "text"};

std::optional<std::string> read_word(const Json& object, std::string_view key, std::size_t limit) {
  const Json* value = object.find(key);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr || text->size() > limit) return std::nullopt;
  return printable(*text);
}

std::optional<Transition> read_transition(const Json& object) {
  const Json* time = object.find("time");
  const auto at = time == nullptr ? std::nullopt : time->as_int();
  auto tid = read_tid(object);
  auto event = read_word(object, "event", kMaxHistoryWord);
  auto device = read_word(object, "device", kMaxHistoryWord);
  auto reason = read_word(object, "reason", kMaxTransitionText);
  auto text = read_word(object, "text", kMaxTransitionText);
  if (!at || *at < 0 || !tid || !event || !device || !reason || !text) return std::nullopt;
  return Transition{*at, *std::move(event), *std::move(tid), *std::move(device), *std::move(reason), *std::move(text)};
}

}  // namespace

std::string format_history(const std::deque<Transition>& transitions, std::string_view daemon) {
  auto out = JsonWriter::pretty(kTransitionLevel);
  out.begin_object();
  out.key("format").text(kHistoryFormat);
  out.key("version").value(Json(kHistoryVersion));
  out.key("daemon").text(daemon);
  out.key("transitions").begin_array();
  for (const Transition& transition : transitions) {
    out.begin_object();
    out.key("time").value(Json(transition.at));
    const auto texts = texts_of(transition.tid);
    for (std::size_t i = 0; i < kTidFields.size(); ++i) out.key(kTidFields[i].key).text(texts[i]);
    const std::array<std::string_view, kTransitionWords.size()> words{transition.event, transition.device,
                                                                      transition.reason, transition.text};
    for (std::size_t i = 0; i < kTransitionWords.size(); ++i) out.key(kTransitionWords[i]).text(words[i]);
    out.end();
  }
  out.end();
  return out.end().take().append(1, '\n');
}

HistoryRead parse_history(std::string_view text, std::string_view path, std::string_view daemon) {
  HistoryRead result;
  const auto complain = [&](std::string what) {
    result.complaints.push_back({Severity::warning, std::string(path), 0, std::move(what)});
  };
  if (text.empty()) return result;  // the first start after boot
  const auto json = Json::parse(text, {.bytes = kMaxHistoryBytes, .values = kMaxHistoryValues});
  if (!json) {
    complain("ignored: " + json.error().text);
    return result;
  }
  const auto is = [&](std::string_view key, const Json& expected) {
    const Json* value = json->find(key);
    return value != nullptr && *value == expected;
  };
  const Json* list = json->find("transitions");
  if (!is("format", kHistoryFormat) || !is("version", kHistoryVersion) || !is("daemon", daemon) || list == nullptr ||
      list->as_array() == nullptr) {
    complain("ignored: not a history that this version of " + std::string(daemon) + " can read");
    return result;
  }
  std::size_t bad = 0;
  for (const Json& item : *list->as_array()) {
    auto transition = result.transitions.size() < kMaxTransitions ? read_transition(item) : std::nullopt;
    if (transition)
      result.transitions.push_back(*std::move(transition));
    else
      ++bad;
  }
  if (bad > 0) complain(std::to_string(bad) + " transitions skipped: they cannot be used");
  return result;
}

}  // namespace stas
