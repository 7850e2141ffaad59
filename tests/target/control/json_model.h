// SPDX-License-Identifier: Apache-2.0
//
// The objects of a configuration in JSON, one reader and one writer each, for the configuration file and for the
// control interface. Internal to the JSON files.
#pragma once

#include <string>

#include "tests/target/control/json_reader.h"
#include "tests/target/core/model.h"
#include "tests/target/core/stats.h"

namespace stas::target {

void read_json(ObjectReader& from, PolicyConfig& to);
void read_json(ObjectReader& from, DiscoveryConfig& to);
void read_json(ObjectReader& from, ListenerConfig& to);
void read_json(ObjectReader& from, SubsystemConfig& to);
void read_json(ObjectReader& from, NamespaceConfig& to);
void read_json(ObjectReader& from, ReferralConfig& to);
void read_json(ObjectReader& from, BackendConfig& to);
void read_json(ObjectReader& from, ZoneGroupConfig& to);
void read_json(ObjectReader& from, MemoryConfig& to);
void read_json(ObjectReader& from, MdnsConfig& to);
void read_json(ObjectReader& from, TargetConfig& to);

// What may change while the object exists.
void read_subsystem_details(ObjectReader& from, SubsystemConfig& to);
void read_namespace_details(ObjectReader& from, NamespaceConfig& to);
void read_auth_keys(ObjectReader& from, AuthConfig& to);
/// Member `auth`, which replaces what is there.
void read_auth(ObjectReader& from, HostAuth& to);
Json write_auth(const HostAuth& hosts);
/// `id` and `state`, and nothing else that has not been asked for.
void read_ana_group(ObjectReader& from, std::uint32_t& group, AnaState& state);

Json write_json(const BackendConfig& config);
Json write_json(const PolicyConfig& config);
Json write_json(const DiscoveryConfig& config);
Json write_json(const ListenerConfig& config);
Json write_json(const SubsystemConfig& config);
Json write_json(const NamespaceConfig& config);
Json write_json(const ReferralConfig& config);
Json write_json(const TargetConfig& config);

std::string hex_text(View bytes);
Json by_code(const std::map<std::uint8_t, std::uint64_t>& counts);
Json describe(const CommandCounts& counts);
std::string_view to_string(Transport transport);

/// Reads one whole object, which may hold nothing else.
template <typename T>
void read_object(const Json& value, const std::string& path, std::string& error, T& to) {
  ObjectReader reader(value, path, error);
  read_json(reader, to);
  reader.finish();
}

}  // namespace stas::target
