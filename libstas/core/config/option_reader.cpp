// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/option_reader.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr std::size_t kMaxUnknown = 100;   // complaints about unknown names in one file
constexpr std::size_t kMaxJudged = 1000;   // unknown names whose meaning is looked for; more of them is no such file
constexpr std::size_t kMaxStrays = 16384;  // elements under unknown names, the same

std::vector<std::string_view> options_of(const OptionNames& names, std::string_view section) {
  const auto found = find_section(names, section);
  if (found == names.end()) return {};
  return {found->second.begin(), found->second.end()};
}

// The name in front of the '=' of a continuation line, lower case.
std::string name_in(const std::string& text) {
  const std::size_t equals = text.find('=');
  return equals == std::string::npos ? std::string() : to_lower(trimmed(std::string_view(text).substr(0, equals)));
}

}  // namespace

const std::string OptionReader::kNone;
const NamedKeys OptionReader::kNoKeys;

OptionReader::OptionReader(IniFile file, std::string_view path)
    : OptionReader(std::move(file), path, {}, {}, std::string_view()) {}

OptionReader::OptionReader(IniFile file, std::string_view path, const OptionNames& names,
                           const OptionNames& other_names, std::string_view other_file)
    : file_(std::move(file)), path_(path), names_(names), other_names_(other_names), other_file_(other_file) {
  for (const IniError& error : file_.errors) {
    mark_incomplete(error.line);
    add(Severity::error, error.line, error.text);
  }
  if (file_.truncated_at > 0) {
    mark_incomplete(file_.truncated_at);
    add(Severity::error, file_.truncated_at,
        "the file is longer than " + std::to_string(kMaxConfigBytes) + " bytes: the rest is ignored");
  }
  for (const IniOption& option : file_.options) index_[{option.section, option.key}].push_back(&option);
  if (!names_.empty()) find_strays();
}

void OptionReader::find_strays() {
  for (const IniOption& option : file_.options) {
    if (!has_option(names_, option.section, option.key)) {
      add_stray(option);
    } else if (option.continued && option.value) {
      // Indented by accident: it says something else than its first line. Fields of a controller= line may be called
      // like options.
      const std::string name = name_in(*option.value);
      const OptionName meant = meant_by(names_, option.section, name);
      if (name.empty() || meant.key != name || (option.key == "controller" && is_connect_parameter(name))) continue;
      if (strays_.size() == kMaxStrays) return add_too_many(option);
      strays_.push_back({&option, meant, option.value->substr(option.value->find('=') + 1)});
    }
  }
}

void OptionReader::add_too_many(const IniOption& option) {
  if (!too_many_) add(Severity::error, option.line, "too many names that are not known: the rest is ignored");
  too_many_ = true;
  mark_incomplete(option.line);
}

void OptionReader::add_stray(const IniOption& option) {
  if (strays_.size() == kMaxStrays) return add_too_many(option);
  const std::pair<std::string_view, std::string_view> name(option.section, option.key);
  auto known = meant_.find(name);
  if (known == meant_.end()) {
    if (meant_.size() == kMaxJudged) return add_too_many(option);
    const bool others = !home_of(other_names_, option.key).empty() && home_of(names_, option.key).empty();
    known = meant_.emplace(name, others ? OptionName{} : meant_by(names_, option.section, option.key)).first;
  }
  std::string value = option.value.value_or(std::string());
  // "controller transport=tcp;...": the name ends at the blank.
  const std::string_view meant = known->second.key;
  if (!meant.empty() && option.key.starts_with(meant) && option.key.find_first_of(": \t") == meant.size()) {
    value = trimmed(std::string_view(option.key).substr(meant.size() + 1));
    if (option.value) value += "=" + *option.value;
  }
  if (!option.value) note_unended(option);
  strays_.push_back({&option, known->second, std::move(value)});
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

std::vector<OptionReader::Section> OptionReader::sections(std::string_view kind,
                                                          const std::vector<std::string_view>& keys) {
  for (const std::string_view key : keys) known_[many(kind)].insert(std::string(key));
  std::vector<Section> out;
  auto option = file_.options.begin();
  for (auto header = file_.sections.begin(); header != file_.sections.end(); ++header) {
    const std::string_view name = header->name;
    if (name != kind && !(name.starts_with(kind) && name[kind.size()] == ' ')) continue;
    const auto next = std::next(header);
    const int end = next == file_.sections.end() ? std::numeric_limits<int>::max() : next->line;
    Section& section = out.emplace_back(Section{&*header});
    while (option != file_.options.end() && option->line <= header->line) ++option;
    for (; option != file_.options.end() && option->line < end; ++option)
      if (option->section == name) section.options.push_back(&*option);
  }
  return out;
}

bool OptionReader::is_unclear(std::string_view section, std::string_view key) const {
  return broken() || std::any_of(strays_.begin(), strays_.end(), [&](const Stray& stray) {
           return stray.meant.section == section && stray.meant.key == key;
         });
}

void OptionReader::annotate(std::string_view section, std::string_view key, const std::string& text) {
  for (const Stray& stray : strays_) {
    if (stray.meant.section == section && stray.meant.key == key) notes_[stray.option] = text;
  }
}

void OptionReader::note_unended(const IniOption& option) {
  if (option.line == file_.unended_line) mark_incomplete(option.line);
}

void OptionReader::mark_incomplete(int line) {
  if (first_break_ == 0 || line < first_break_) first_break_ = line;
}

void OptionReader::explain_break(const std::string& consequence) {
  const std::string cut = first_break_ == file_.unended_line ? "the file ends in the middle of this line; " : "";
  const auto first = std::find_if(complaints_.begin(), complaints_.end(),
                                  [&](const Complaint& complaint) { return complaint.line == first_break_; });
  if (first == complaints_.end()) return add(Severity::error, first_break_, cut + consequence);
  first->severity = Severity::error;
  first->text += "; " + cut + consequence;
}

void OptionReader::add(Severity severity, int line, std::string text) {
  complaints_.push_back({severity, path_, line, std::move(text)});
}

void OptionReader::complain(Severity severity, const IniOption& option, const std::string& text) {
  std::string line = "[" + shown(option.section) + "]: " + option.key + " - " + text;
  if (!option.value) line += " - the option has no `=`";
  if (option.continued) line += " - the line is indented, so it continues the option above it";
  add(severity, option.line, std::move(line));
}

void OptionReader::complain(Severity severity, const IniSection& section, int line, const std::string& text) {
  add(severity, line, "[" + shown(section.name) + "]: " + text);
}

std::string OptionReader::hint(const IniOption& option) const {
  const auto here = options_of(known_, option.section);
  if (!option.value) {
    const std::string_view key = option.key;
    for (const std::string_view end : {":", ": \t"}) {
      const std::string_view name = trimmed(key.substr(0, key.find_first_of(end)));
      if (std::find(here.begin(), here.end(), name) != here.end()) {
        return " - did you mean `" + std::string(name) + " = ...`?";
      }
    }
  }
  if (const std::string_view home = home_of(known_, option.key); !home.empty()) {
    return " - the option belongs to section [" + std::string(home) + "]";
  }
  if (!home_of(other_names_, option.key).empty()) return " - the option belongs to " + other_file_;
  return did_you_mean(option.key, here);
}

void OptionReader::report_unknown_sections(std::size_t& room) {
  std::vector<std::string_view> sections;
  for (const auto& [name, keys] : known_) sections.push_back(name);
  std::set<std::string_view> seen;
  for (const IniSection& section : file_.sections) {
    if (find_section(known_, section.name) != known_.end() || !seen.insert(section.name).second) continue;
    if (room == 0) return;
    const bool elsewhere = find_section(other_names_, section.name) != other_names_.end();
    add(Severity::error, section.line,
        --room == 0
            ? "more unknown names are not reported"
            : "contains invalid sections: {'" + shown(section.name) + "'}" +
                  (elsewhere ? " - the section belongs to " + other_file_ : did_you_mean(section.name, sections)));
  }
}

void OptionReader::report_unknown() {
  std::size_t room = kMaxUnknown;
  report_unknown_sections(room);
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Stray& stray : strays_) {
    const IniOption& option = *stray.option;
    const auto note = notes_.find(&option);
    const std::string tail = note == notes_.end() ? std::string() : note->second;
    const bool known_section = find_section(known_, option.section) != known_.end();
    if (!known_section && tail.empty()) continue;  // told with its section
    if (has_option(known_, option.section, option.key) && tail.empty()) continue;
    if (!seen.insert({option.section, option.key}).second) continue;
    if (room == 0) return;
    const std::string name = shown_name(option.key);
    std::string text = "[" + shown(option.section) + "]";
    if (has_option(known_, option.section, option.key)) {
      text += ": " + option.key + " - the line is indented, so it continues the option above it, but seems to mean `" +
              std::string(stray.meant.key) + "`";
    } else if (known_section) {
      text += " contains invalid options: {'" + (name.empty() ? "..." : name) + "'}" + hint(option);
    } else {
      text += ": " + (name.empty() ? "..." : name) + " - the section is not known";
    }
    add(Severity::error, option.line, --room > 0 ? text + tail : "more unknown names are not reported");
  }
}

std::vector<Complaint> OptionReader::take_complaints() {
  std::stable_sort(complaints_.begin(), complaints_.end(),
                   [](const Complaint& a, const Complaint& b) { return a.line < b.line; });
  return std::move(complaints_);
}

}  // namespace stas
