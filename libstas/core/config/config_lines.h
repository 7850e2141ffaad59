// SPDX-License-Identifier: Apache-2.0
//
// The options that a file may have many times: controller=, exclude= and include=, and what else may have been a
// controller= or include= line.
#pragma once

#include <string_view>

#include "libstas/core/config/config_values.h"
#include "libstas/core/config/option_reader.h"

namespace stas {

inline constexpr std::size_t kMaxDoubts = 1000;  // of one file; more of them are one about everything

// Every controller= line that can be used, and a doubt for each that cannot, for each that may mean another controller
// than it says, and for each line that may have been one. `default_nqn` empty: the NQN is mandatory.
void read_controllers(OptionReader& file, CommonConfig& config, std::string_view default_nqn);

// Every exclude= rule that can be used; blacklist= is its old name. `before`: the rules in force, nullptr at start; one
// that stands under a name or in a section that nobody knows now stays in force.
void read_excludes(OptionReader& file, CommonConfig& config, const std::vector<ControllerRule>* before);

// Every include= rule that can be used, and a doubt for each that cannot and for each line that may have been one.
// After ignore-iface=, with which a rule about an interface cannot be judged.
void read_includes(OptionReader& file, CommonConfig& config);

// Warns once, at the first line that has the option.
void warn_deprecated(OptionReader& file, std::string_view section, std::string_view key, const std::string& instead);

}  // namespace stas
