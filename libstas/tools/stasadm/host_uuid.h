// SPDX-License-Identifier: Apache-2.0
//
// Where the UUID of a host NQN comes from: the machine ID, else the firmware, else chance (compatibility contract 8.5).
// Deciding and deriving is pure; reading the files is the caller's, through the function it passes in.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"

namespace stas {

inline constexpr const char* kMachineIdPath = "/etc/machine-id";
inline constexpr const char* kProductUuidPath = "/sys/class/dmi/id/product_uuid";
inline constexpr const char* kPartitionUuidPath = "/proc/device-tree/ibm,partition-uuid";

// RFC 4122 version 4.
std::string random_uuid();

// The machine ID (32 hexadecimal digits, more may follow) hashed for this application, because machine-id(5) asks not
// to publish it: HMAC-SHA256 over its 16 bytes, shaped as a version 4 UUID. nullopt: not a machine ID.
std::optional<std::string> uuid_of_machine_id(std::string_view text);

// The UUID of the SMBIOS table (36 characters, more may follow) as most firmware means it: the first three groups are
// little-endian. nullopt: no UUID.
std::optional<std::string> uuid_of_product(std::string_view text);

// Returns the content of a file (bounded by the caller), or why not.
using ReadHostFile = std::function<Result<std::string>(const std::string& path)>;

// Everything but the machine ID needs root; without: an Error{permission}.
Result<std::string> host_uuid(const ReadHostFile& read_file, bool is_root);

}  // namespace stas
