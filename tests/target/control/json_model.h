// SPDX-License-Identifier: Apache-2.0
//
// The objects of a configuration in JSON, one reader and one writer each, for the configuration file and for the
// control interface. Internal to the JSON files.
#pragma once

#include <string>

#include "tests/target/control/json_reader.h"
#include "tests/target/core/model.h"

namespace stas::target {

void read_json(ObjectReader& from, DiscoveryConfig& to);
void read_json(ObjectReader& from, ListenerConfig& to);
void read_json(ObjectReader& from, SubsystemConfig& to);
void read_json(ObjectReader& from, NamespaceConfig& to);
void read_json(ObjectReader& from, ReferralConfig& to);
void read_json(ObjectReader& from, TargetConfig& to);

Json write_json(const DiscoveryConfig& config);
Json write_json(const ListenerConfig& config);
Json write_json(const SubsystemConfig& config);
Json write_json(const NamespaceConfig& config);
Json write_json(const ReferralConfig& config);
Json write_json(const TargetConfig& config);

std::string hex_text(View bytes);
std::string_view to_string(Transport transport);

/// Reads one whole object, which may hold nothing else.
template <typename T>
void read_object(const Json& value, const std::string& path, std::string& error, T& to) {
  ObjectReader reader(value, path, error);
  read_json(reader, to);
  reader.finish();
}

}  // namespace stas::target
