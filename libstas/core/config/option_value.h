// SPDX-License-Identifier: Apache-2.0
//
// Types of option values (compatibility contract 2.2, 2.3): text to value, or the tail of the message that the old
// product's users know ("Text check found invalid value ...", 2.4). [Global] and the overrides on controller= lines
// follow the same rules.
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

Result<bool> check_bool(std::string_view text);     // true, false; any letter case
Result<bool> check_enabled(std::string_view text);  // enabled, disabled; any letter case
Result<int> check_int(std::string_view text);       // sign, decimal digits, '_' between digits
Result<int> check_queue_size(std::string_view text);
Result<IpFamilies> check_families(std::string_view text);
Result<DisconnectScope> check_scope(std::string_view text);
// nullopt = for ever (any negative time span).
Result<std::optional<Duration>> check_persistence(std::string_view text);

// `tcp+rdma`: the known elements; each unknown one adds a message. nullopt when none is known.
std::optional<TransportSet> check_trtypes(std::string_view text, std::vector<std::string>& problems);

// Names of the connection parameters that have an option. The first kDiscoveryParameters also exist for discovery
// controllers (stafd.conf).
const std::vector<std::string_view>& connect_parameters();
inline constexpr std::size_t kDiscoveryParameters = 7;

bool is_connect_parameter(std::string_view name);
// Sets the parameter called `name`, one of connect_parameters(). On an error nothing is changed.
Result<void> set_connect_parameter(ConnectOptions& options, std::string_view name, std::string_view text);

}  // namespace stas
