// SPDX-License-Identifier: Apache-2.0
//
// Which release of nvme-stas knows which option. For versions.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/convert/settings.h"

namespace stas {

// Who knows an option. 2.4.1 and 3.0 know the same.
enum Generation : unsigned { kFirst = 1, kSecond = 2, kOurs = 4, kAll = 7, kSince2 = kSecond | kOurs };
enum KnownTo : unsigned { kStafd = 1, kStacd = 2, kBoth = 3 };

struct VersionOption {
  std::string_view section;
  std::string_view key;
  unsigned daemons;
  unsigned generations;
};

unsigned generation_of(ConfKind kind);
// nullptr: neither release has it in that file.
const VersionOption* version_option(std::string_view section, std::string_view key, ConfFile file);
bool is_match_section(std::string_view section);
bool is_line_key(std::string_view key);  // controller=, exclude=, include=
// Without what stands behind a blank and '#', and what is no field. nullopt: nothing is left.
std::optional<Fields> line_fields_of(std::string_view value, unsigned& malformed);
// "[section] key", the key as a message may show it.
std::string setting_name(std::string_view section, std::string_view key);

}  // namespace stas
