// SPDX-License-Identifier: Apache-2.0
//
// NVMe Qualified Names (NVM Express Base Specification 2.0, clause 4.5). Names are compared byte for byte.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stas {

inline constexpr std::string_view kWellKnownDiscoveryNqn = "nqn.2014-08.org.nvmexpress.discovery";
// In front of the UUID in the name of a host that has no other (NVM Express Base Specification 2.0, clause 4.5).
inline constexpr std::string_view kUuidNqnPrefix = "nqn.2014-08.org.nvmexpress:uuid:";
inline constexpr std::size_t kMaxNqnLength = 223;        // bytes, without the terminating NUL
inline constexpr std::size_t kMaxKernelNqnLength = 222;  // Linux refuses 223 (contract 7.8)

// Can the text be used as an NQN at all? Non-empty, at most kMaxNqnLength bytes of UTF-8 (D-Bus carries nothing else),
// no control characters. Many targets use names outside the grammar, so this is what we ask of names from the network.
bool is_usable_nqn(std::string_view nqn);

// The UUID in a name of the form "nqn.2014-08.org.nvmexpress:uuid:<UUID>", as written; nullopt for other names.
std::optional<std::string> uuid_of_nqn(std::string_view nqn);

}  // namespace stas
