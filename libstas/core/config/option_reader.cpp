// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/option_reader.h"

#include <algorithm>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr std::size_t kMaxUnknown = 100;  // complaints about unknown names in one file

std::vector<std::string_view> options_of(const OptionReader::Names& names, std::string_view section) {
  const auto found = names.find(section);
  if (found == names.end()) return {};
  return {found->second.begin(), found->second.end()};
}

// The section that has the option, or "".
std::string_view home_of(const OptionReader::Names& names, std::string_view key) {
  for (const auto& [section, keys] : names) {
    if (keys.find(key) != keys.end()) return section;
  }
  return {};
}

}  // namespace

const std::string OptionReader::kNone;

OptionReader::OptionReader(IniFile file, std::string_view path) : file_(std::move(file)), path_(path) {
  for (const IniError& error : file_.errors) add(Severity::error, error.line, error.text);
  if (file_.truncated_at > 0) {
    add(Severity::error, file_.truncated_at,
        "the file is longer than " + std::to_string(kMaxConfigBytes) + " bytes: the rest is ignored");
  }
  for (const IniOption& option : file_.options) index_[{option.section, option.key}].push_back(&option);
}

const std::vector<const IniOption*>& OptionReader::all(std::string_view section, std::string_view key) {
  static const std::vector<const IniOption*> none;
  known_[std::string(section)].insert(std::string(key));
  const auto found = index_.find({section, key});
  return found == index_.end() ? none : found->second;
}

const IniOption* OptionReader::last(std::string_view section, std::string_view key) {
  const auto& elements = all(section, key);
  return elements.empty() ? nullptr : elements.back();
}

void OptionReader::add(Severity severity, int line, std::string text) {
  complaints_.push_back({severity, path_, line, std::move(text)});
}

void OptionReader::complain(Severity severity, const IniOption& option, const std::string& text) {
  std::string line = "[" + option.section + "]: " + option.key + " - " + text;
  if (!option.value) line += " - the option has no `=`";
  if (option.continued) line += " - the line is indented, so it continues the option above it";
  add(severity, option.line, std::move(line));
}

std::string OptionReader::hint(const IniOption& option, const Names& other_daemon, std::string_view other_file) const {
  const auto here = options_of(known_, option.section);
  if (!option.value) {
    const std::string_view name = trimmed(std::string_view(option.key).substr(0, option.key.find(':')));
    if (std::find(here.begin(), here.end(), name) != here.end()) {
      return " - did you mean `" + std::string(name) + " = ...`?";
    }
  }
  if (const std::string_view home = home_of(known_, option.key); !home.empty()) {
    return " - the option belongs to section [" + std::string(home) + "]";
  }
  if (!home_of(other_daemon, option.key).empty()) return " - the option belongs to " + std::string(other_file);
  return did_you_mean(option.key, here);
}

void OptionReader::report_unknown(const Names& other_daemon, std::string_view other_file) {
  std::size_t room = kMaxUnknown;
  const auto report = [&](int line, std::string text) {
    if (room == 0) return;
    add(Severity::error, line, --room > 0 ? std::move(text) : "more unknown names are not reported");
  };
  std::vector<std::string_view> sections;
  for (const auto& [name, keys] : known_) sections.push_back(name);

  std::set<std::string_view> seen_sections;
  for (const IniSection& section : file_.sections) {
    if (known_.find(section.name) != known_.end() || !seen_sections.insert(section.name).second) continue;
    const bool elsewhere = other_daemon.find(section.name) != other_daemon.end();
    report(section.line, "contains invalid sections: {'" + shown(section.name) + "'}" +
                             (elsewhere ? " - the section belongs to " + std::string(other_file)
                                        : did_you_mean(section.name, sections)));
  }
  std::set<std::pair<std::string_view, std::string_view>> seen_options;
  for (const IniOption& option : file_.options) {
    const auto section = known_.find(option.section);
    if (section == known_.end() || section->second.find(option.key) != section->second.end()) continue;
    if (!seen_options.insert({option.section, option.key}).second) continue;
    report(option.line, "[" + option.section + "] contains invalid options: {'" + shown(option.key) + "'}" +
                            hint(option, other_daemon, other_file));
  }
}

std::vector<Complaint> OptionReader::take_complaints() {
  std::stable_sort(complaints_.begin(), complaints_.end(),
                   [](const Complaint& a, const Complaint& b) { return a.line < b.line; });
  return std::move(complaints_);
}

}  // namespace stas
