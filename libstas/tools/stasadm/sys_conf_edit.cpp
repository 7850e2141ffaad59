// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/stasadm/sys_conf_edit.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libstas/core/config/ini.h"

namespace stas {

namespace {

constexpr std::string_view kSection = "Host";

struct Option {
  std::string key;
  std::optional<std::string> value;  // nullopt: a bare key
};

struct Section {
  std::string name;
  std::vector<Option> options;
};

// Finds or makes the element with this name.
template <class List, class Name>
auto& at(List& list, Name member, const std::string& name) {
  const auto it = std::find_if(list.begin(), list.end(), [&](const auto& item) { return item.*member == name; });
  if (it != list.end()) return *it;
  auto& item = list.emplace_back();
  item.*member = name;
  return item;
}

// Sections and options of the same name are one, the last value counts; continuation lines belong to their option.
std::vector<Section> sections_of(const IniFile& file) {
  std::vector<Section> sections;
  for (const auto& section : file.sections) at(sections, &Section::name, section.name);
  for (const auto& item : file.options) {
    auto& option = at(at(sections, &Section::name, item.section).options, &Option::key, item.key);
    if (item.continued && option.value) {
      *option.value += "\n\t" + item.value.value_or("");
    } else {
      option.value = item.value;
    }
  }
  return sections;
}

std::string text_of(const std::vector<Section>& sections) {
  std::string text;
  for (const auto& section : sections) {
    text += "[" + section.name + "]\n";
    for (const auto& option : section.options) {
      text += option.key + (option.value ? " = " + *option.value : std::string()) + "\n";
    }
    text += "\n";
  }
  return text;
}

}  // namespace

Result<std::optional<std::string>> edit_sys_conf(std::string_view text, std::string_view path, const std::string& key,
                                                 const std::optional<std::string>& value) {
  const auto file = parse_ini(text);
  if (!file.errors.empty()) {
    const auto& error = file.errors.front();
    return fail(ErrorKind::invalid_input,
                std::string(path) + ":" + std::to_string(error.line) + ": " + error.text + "; the file is not changed");
  }
  if (file.truncated_at != 0) {
    return fail(ErrorKind::invalid_input, std::string(path) + ": the file is too long; it is not changed");
  }
  auto sections = sections_of(file);
  if (value) {
    auto& host = at(sections, &Section::name, std::string(kSection));
    at(host.options, &Option::key, key).value = *value;
    return text_of(sections);
  }
  bool removed = false;
  for (auto& section : sections) {
    if (section.name != kSection) continue;
    removed = std::erase_if(section.options, [&](const Option& o) { return o.key == key; }) > 0;
  }
  if (!removed) return std::nullopt;
  return text_of(sections);
}

}  // namespace stas
