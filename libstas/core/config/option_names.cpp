// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/option_names.h"

#include <algorithm>
#include <vector>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr std::size_t kMaxName = 48;   // ours are shorter
constexpr std::size_t kMaxPlain = 24;  // a longer name without '-' or '_' may be a piece of a key in base64

std::string_view first_word(std::string_view key) { return trimmed(key.substr(0, key.find_first_of(": \t"))); }

constexpr std::string_view kMany = " *";

bool is_many(std::string_view section) { return section.ends_with(kMany); }

OptionName exact(const OptionNames& names, std::string_view section, std::string_view key) {
  if (const auto own = find_section(names, section); own != names.end()) {
    const auto found = own->second.find(key);
    if (found != own->second.end()) return {own->first, *found};
  }
  for (const auto& [name, keys] : names) {
    const auto found = keys.find(key);
    if (found != keys.end() && !is_many(name)) return {name, *found};
  }
  return {};
}

OptionName nearest(const OptionNames& names, std::string_view section, std::string_view key) {
  if (const auto own = find_section(names, section); own != names.end()) {
    const std::string_view best = closest(key, {own->second.begin(), own->second.end()});
    if (!best.empty()) return {own->first, best};
  }
  std::vector<std::string_view> all;
  for (const auto& [name, keys] : names)
    if (!is_many(name)) all.insert(all.end(), keys.begin(), keys.end());
  const std::string_view best = closest(key, all);
  return best.empty() ? OptionName{} : exact(names, section, best);
}

bool is_name_text(std::string_view text) { return std::all_of(text.begin(), text.end(), is_name_char); }

}  // namespace

std::string many(std::string_view kind) { return std::string(kind).append(kMany); }

OptionNames::const_iterator find_section(const OptionNames& names, std::string_view section) {
  const auto own = names.find(section);
  return own != names.end() ? own : names.find(many(section.substr(0, section.find(' '))));
}

bool has_option(const OptionNames& names, std::string_view section, std::string_view key) {
  const auto found = find_section(names, section);
  return found != names.end() && found->second.find(key) != found->second.end();
}

std::string_view home_of(const OptionNames& names, std::string_view key) {
  for (const auto& [section, keys] : names) {
    if (!is_many(section) && keys.find(key) != keys.end()) return section;
  }
  return {};
}

OptionName meant_by(const OptionNames& names, std::string_view section, std::string_view key) {
  const std::string_view word = first_word(key);
  for (const std::string_view name : {key, word}) {
    if (const OptionName found = exact(names, section, name); !found.key.empty()) return found;
  }
  if (const OptionName found = nearest(names, section, key); !found.key.empty()) return found;
  return word.size() == key.size() ? OptionName{} : nearest(names, section, word);
}

std::string shown_name(std::string_view key) {
  const std::string_view word = trimmed(key.substr(0, key.find(':')));
  const std::string_view name = is_name_text(word) ? word : first_word(key);
  if (name.empty() || name.size() > kMaxName || !is_name_text(name)) return {};
  if (name.size() > kMaxPlain && name.find_first_of("-_") == std::string_view::npos) return {};
  return shown(name);
}

}  // namespace stas
