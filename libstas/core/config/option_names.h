// SPDX-License-Identifier: Apache-2.0
//
// The names a configuration file may have, and which of them somebody probably meant with a name that is none: an
// option whose name cannot be read is no information about that option (law 2).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace stas {

using OptionNames = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;  // section -> options

// Of some sections a file may have any number: "[Match]", "[Match a]", "[Match b]". In OptionNames they are one, called
// "Match *"; with their names nothing else is meant, and their options are options of no other section.
std::string many(std::string_view kind);
// The section of `names` that this one is or is one of; names.end() if it is none.
OptionNames::const_iterator find_section(const OptionNames& names, std::string_view section);

bool has_option(const OptionNames& names, std::string_view section, std::string_view key);

// The section that has the option, or "".
std::string_view home_of(const OptionNames& names, std::string_view key);

struct OptionName {
  std::string_view section;
  std::string_view key;  // empty: none
};
// The option of `names` that `key` in `section` probably means: its exact name in another section, its name without
// what follows a blank or a colon ("kato: 5"), or the nearest name, of its own section first. Views into `names`.
OptionName meant_by(const OptionNames& names, std::string_view section, std::string_view key);

// The name for a message, in which nothing of a value must appear: "kato" of "kato: 5", "" when it may be a piece of a
// key or is no name.
std::string shown_name(std::string_view key);

}  // namespace stas
