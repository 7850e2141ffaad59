// SPDX-License-Identifier: Apache-2.0
//
// The lexer of our configuration files (compatibility contract 2.1): sections, options in file order with exact line
// numbers, lines of any length. What the sections and options mean is config's and sys_conf's business.
//
// Rules that differ from what inih does alone: '=' is the only delimiter; '#' and ';' start a comment only as the first
// character of a line, so that a value may contain ';'; a line indented deeper than its option continues the value as
// one more element; lines end with LF, CR LF or CR; keys are lower-cased; an option without '=' exists, without a
// value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/secret.h"

namespace stas {

inline constexpr std::size_t kMaxConfigBytes = 4U << 20;  // of one file

// One element of an option. Continuation lines are elements of their own, with the key of their option. The value is
// overwritten in the end: it may be a key.
struct IniOption {
  std::string section;
  std::string key;                   // lower case
  std::optional<std::string> value;  // nullopt: no '=' in the line
  int line = 0;                      // 1-based
  bool continued = false;            // from a continuation line

  ~IniOption() {
    if (value) wipe(*value);
  }
};

struct IniSection {
  std::string name;
  int line = 0;
};

// A line that is no section, option or comment; what it says was left out.
struct IniError {
  int line = 0;
  std::string text;  // without file and line
};

struct IniFile {
  std::vector<IniSection> sections;  // each header, in file order; repeated sections are repeated here
  std::vector<IniOption> options;    // in file order
  std::vector<IniError> errors;
  int truncated_at = 0;  // line of the cut when the text was longer than kMaxConfigBytes, else 0
  int unended_line = 0;  // the last line when it has no end: what a file looks like that was cut in the middle; else 0
};

IniFile parse_ini(std::string_view text);

// Removes a trailing " # comment" (blank before the '#'), as the manual pages write them on controller= and exclude=.
std::string_view without_trailing_comment(std::string_view value);

}  // namespace stas
