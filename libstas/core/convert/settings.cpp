// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/convert/settings.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <tuple>
#include <utility>

#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/config/line_fields.h"

namespace stas {

namespace {

constexpr std::size_t kLineRoom = 16;  // for what stands around the words of a setting: "[]", "=", ends of lines

// A section of one file, with the indexes of its settings.
struct WrittenSection {
  std::string_view name;
  std::vector<std::size_t> settings;
};

std::vector<WrittenSection> written_sections(const Settings& settings, ConfFile file) {
  std::vector<WrittenSection> sections;
  std::map<std::pair<std::string_view, int>, std::size_t> known;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const Setting& setting = settings[i];
    if (setting.file != file) continue;
    const auto [at, fresh] = known.try_emplace({setting.section, setting.group}, sections.size());
    if (fresh) sections.push_back({setting.section, {}});
    sections[at->second].settings.push_back(i);
  }
  return sections;
}

std::size_t written_size(const Settings& settings, ConfFile file) {
  std::size_t size = 0;
  for (const Setting& setting : settings)
    if (setting.file == file) size += setting.section.size() + setting.key.size() + setting.value.size() + kLineRoom;
  return size;
}

// Lines, and whose they are. The room for all of them is there from the start: nothing of a key stays behind where a
// text has grown out of its place.
class SettingsWriter {
 public:
  explicit SettingsWriter(std::size_t room) { text_.reserve(room); }
  void line(std::initializer_list<std::string_view> parts, int setting = -1) {
    for (const std::string_view part : parts) text_.append(part);
    text_.append("\n");
    setting_at_.push_back(setting);
  }
  Written take() { return {Secret(std::move(text_)), std::move(setting_at_)}; }

 private:
  std::string text_;
  std::vector<int> setting_at_ = {-1};
};

}  // namespace

Written write_settings(const Settings& settings, ConfFile file, const std::vector<std::string>& comments) {
  const auto sections = written_sections(settings, file);
  if (sections.empty()) return {};
  std::size_t room = written_size(settings, file);
  for (const std::string& comment : comments) room += comment.size() + kLineRoom;
  SettingsWriter out(room);
  for (const std::string& comment : comments) out.line({"# ", comment});
  for (const WrittenSection& section : sections) {
    out.line({});
    out.line({"[", section.name, "]"}, static_cast<int>(section.settings.front()));
    for (const std::size_t index : section.settings)
      out.line({settings[index].key, "=", settings[index].value}, static_cast<int>(index));
  }
  return out.take();
}

void Losses::add(Severity severity, const Place& from, std::string text) {
  if (told_.size() >= kMaxTold) {
    ++untold_;
    return;
  }
  Complaint complaint{severity, from.file, from.line, std::move(text)};
  if (std::find(told_.begin(), told_.end(), complaint) == told_.end()) told_.push_back(std::move(complaint));
}

std::vector<Complaint> Losses::take() {
  std::stable_sort(told_.begin(), told_.end(), [](const Complaint& a, const Complaint& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  if (untold_ > 0)
    told_.push_back({Severity::error, {}, 0, std::to_string(untold_) + " more messages like these are not shown"});
  return std::move(told_);
}

std::string to_text(const Fields& fields) {
  std::string text;
  for (const Field& field : fields)
    text.append(text.empty() ? "" : ";").append(field.name).append("=").append(field.value);
  return text;
}

std::string unwritable(std::string_view value) {
  if (value.empty()) return "is empty";
  if (value.size() > kMaxFieldLength) return "is longer than " + std::to_string(kMaxFieldLength) + " bytes";
  if (!is_valid_utf8(value) || has_control(value)) return "is no text";
  if (value.find(';') != std::string_view::npos) return "contains a `;`, which separates fields";
  if (value.find('#') != std::string_view::npos) return "contains a `#`, which begins a comment";
  if (trimmed(value).size() != value.size()) return "begins or ends with a blank";
  return {};
}

}  // namespace stas
