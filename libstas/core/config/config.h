// SPDX-License-Identifier: Apache-2.0
//
// stafd.conf(5) and stacd.conf(5) as values. The parsers take text and return a complete configuration plus complaints;
// they touch no file. Defaults, ranges, deprecated names: compatibility contract 2 and decisions.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/base/time.h"
#include "libstas/core/config/config_values.h"
#include "libstas/core/config/named_key.h"
#include "libstas/core/config/option_names.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/connect_options.h"
#include "libstas/core/identity/tid.h"

namespace stas {

template <class T>
struct Parsed {
  T value;
  std::vector<Complaint> complaints;
  bool broken = false;  // syntax error or a bound
};

// `path` is only used in complaints and doubts. `previous`: the configuration in force, nullptr at start. What the text
// does not say clearly stays as it was: a value that cannot be used keeps the previous one (at start the one that cuts
// least), a broken file keeps all of it. CommonConfig::doubts says what may be missing. `keys`: what was read of those
// that find_keys() finds in the text.
Parsed<StafdConfig> parse_stafd_conf(std::string_view text, std::string_view path, const StafdConfig* previous,
                                     const NamedKeys& keys);
Parsed<StacdConfig> parse_stacd_conf(std::string_view text, std::string_view path, const StacdConfig* previous,
                                     const NamedKeys& keys);
// Of a text that names none.
Parsed<StafdConfig> parse_stafd_conf(std::string_view text, std::string_view path, const StafdConfig* previous);
Parsed<StacdConfig> parse_stacd_conf(std::string_view text, std::string_view path, const StacdConfig* previous);
// With nothing in force.
Parsed<StafdConfig> parse_stafd_conf(std::string_view text, std::string_view path);
Parsed<StacdConfig> parse_stacd_conf(std::string_view text, std::string_view path);

// A file that is missing, empty (0 bytes) or cannot be read; `why` completes the sentence "PATH: ..." . The previous
// configuration as it is; at start the defaults with a doubt that covers everything, and one complaint that says so.
Parsed<StafdConfig> unread_stafd_conf(std::string_view path, std::string_view why, const StafdConfig* previous);
Parsed<StacdConfig> unread_stacd_conf(std::string_view path, std::string_view why, const StacdConfig* previous);

// The names that a file may have, by section, older ones that still count included.
const OptionNames& stafd_names();
const OptionNames& stacd_names();

}  // namespace stas
