// SPDX-License-Identifier: Apache-2.0
//
// Types of option values (compatibility contract 2.2, 2.3): text to value, or the message that the old product's users
// know ("Text check found invalid value ...", 2.4). What counts instead is the caller's business. [Global] and the
// overrides on controller= lines follow the same rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/core/config/config_values.h"
#include "libstas/core/identity/connect_options.h"

namespace stas {

// What is wrong with a value, and " - did you mean ...?" or "" to end the sentence with. No secret in either.
struct BadValue {
  std::string what;
  std::string hint{};
};
template <class T>
using Checked = tl::expected<T, BadValue>;

Checked<bool> check_bool(std::string_view text);     // true, false; any letter case
Checked<bool> check_enabled(std::string_view text);  // enabled, disabled; any letter case
Checked<int> check_int(std::string_view text);       // sign, decimal digits, '_' between digits
Checked<int> check_count(std::string_view text);     // the same, 0 or more
Checked<int> check_queue_size(std::string_view text);
Checked<int> check_serial(std::string_view text);  // of a key of the kernel: 1 or more, also in hexadecimal (0x...)
Checked<IpFamilies> check_families(std::string_view text);
Checked<DisconnectScope> check_scope(std::string_view text);
Checked<DisconnectGuard> check_guard(std::string_view text);
// nullopt = for ever (any negative time span).
Checked<std::optional<Duration>> check_persistence(std::string_view text);

// `tcp+rdma`: the known elements, maybe none; `problem` names the unknown ones.
TransportSet check_trtypes(std::string_view text, std::optional<BadValue>& problem);
// As in the file: "tcp+rdma", "none".
std::string to_text(const TransportSet& set);

// Names of the connection parameters that have an option. The first kDiscoveryParameters also exist for discovery
// controllers (stafd.conf).
const std::vector<std::string_view>& connect_parameters();
inline constexpr std::size_t kDiscoveryParameters = 11;

bool is_connect_parameter(std::string_view name);
// One of those that protect a connection. Nothing takes the place of a value that cannot be read: nothing is connected
// then (ConnectOptions::missing).
bool is_security_parameter(std::string_view name);
inline constexpr std::string_view kNotClear = "its value is not clear",
                                  kNotClearMeans = ": nothing is connected until that is clear, and nothing is cut";
// Is the parameter, or the secret, called `name` set?
bool says(const ConnectOptions& options, std::string_view name);
// Makes the parameter called `name` of `to` that of `from`.
void copy_connect_parameter(ConnectOptions& to, const ConnectOptions& from, std::string_view name);
// As a file has it: "true", "31"; "" when it is not set.
std::string connect_parameter_text(const ConnectOptions& options, std::string_view name);
// Sets the parameter called `name`, one of connect_parameters(). On an error nothing is changed.
Checked<void> set_connect_parameter(ConnectOptions& options, std::string_view name, std::string_view text);

}  // namespace stas
