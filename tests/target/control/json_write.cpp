// SPDX-License-Identifier: Apache-2.0
//
// Writing the configuration, so that json_model.cpp reads it back to the same; and the texts that answers share with
// it.
#include "tests/target/control/config_json.h"
#include "tests/target/control/json_model.h"
#include "tests/target/control/json_words.h"

namespace stas::target {

std::string hex_text(View bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Json by_code(const std::map<std::uint8_t, std::uint64_t>& counts) {
  Json out = Json::object();
  for (const auto& [code, count] : counts) out["0x" + hex_text(View(&code, 1))] = count;
  return out;
}

Json describe(const CommandCounts& counts) {
  return {{"admin", by_code(counts.admin)}, {"io", by_code(counts.io)}, {"fabrics", by_code(counts.fabrics)}};
}

std::string_view to_string(Transport transport) { return word_of(kTransports, transport); }

Json write_json(const PolicyConfig& config) {
  Json out{{"strict_nqns", config.strict_nqns}, {"hashes", Json::array()}, {"dhgroups", Json::array()}};
  for (const std::uint8_t hash : config.hashes) out["hashes"].push_back(word_of(kHashNames, hash));
  for (const std::uint8_t group : config.dhgroups) out["dhgroups"].push_back(word_of(kDhGroupNames, group));
  return out;
}

Json write_json(const DiscoveryConfig& config) {
  Json raw = Json::array();
  for (const auto& entry : config.raw_entries) raw.push_back({{"hex", hex_text(entry.fixed)}});
  Json out{{"nqn", config.nqn},
           {"dctype", word_of(kKinds, config.dctype)},
           {"pleo", config.pleo},
           {"extdlpe", config.extdlpe},
           {"allsube", config.allsube},
           {"supported_log_pages", config.supported_log_pages},
           {"epcsd", config.epcsd},
           {"dupretinfo", config.dupretinfo},
           {"self_entries", config.self_entries},
           {"filter", word_of(kFilters, config.filter)},
           {"padding", word_of(kPaddings, config.pad_with_spaces)},
           {"kas", config.kas},
           {"idle_timeout_ms", config.idle_timeout_ms},
           {"version", word_of(kVersions, config.version)},
           {"mdts", config.mdts},
           {"tbkas", config.tbkas},
           {"raw_entries", raw}};
  if (!config.auth.empty()) out["auth"] = write_auth(config.auth);
  return out;
}

Json write_json(const ListenerConfig& config) {
  Json out{{"id", config.id}, {"transport", word_of(kTransports, config.transport)}};
  if (config.transport != Transport::loop) {
    out["traddr"] = config.traddr;
    out["trsvcid"] = config.trsvcid;
  }
  out["discovery"] = config.discovery;
  out["in_capsule"] = config.in_capsule;
  out["queue_size"] = config.queue_size;
  out["maxh2cdata"] = config.maxh2cdata;
  out["treq"] = word_of(kTreqs, config.treq);
  out["tsas"] = word_of(kTsas, config.tsas);
  if (config.secure) out["secure"] = true;
  if (config.cpda != 0) out["cpda"] = config.cpda;
  for (const auto& [group, state] : config.ana_groups) {
    out["ana_groups"].push_back({{"id", group}, {"state", word_of(kAnaStates, state)}});
  }
  return out;
}

Json write_json(const ReferralConfig& config) {
  return {{"transport", word_of(kTransports, config.transport)},
          {"traddr", config.traddr},
          {"trsvcid", config.trsvcid},
          {"nqn", config.nqn},
          {"portid", config.portid},
          {"epcsd", config.epcsd},
          {"dupretinfo", config.dupretinfo},
          {"secure", config.secure},
          {"hosts", config.hosts}};
}

Json write_json(const TargetConfig& config) {
  const auto list = [](const auto& elements) {
    Json out = Json::array();
    for (const auto& element : elements) out.push_back(write_json(element));
    return out;
  };
  Json zone_groups = Json::array();
  for (const auto& group : config.zone_groups) {
    zone_groups.push_back({{"name", group.name}, {"members", group.members}});
  }
  return {{"policy", write_json(config.policy)},
          {"discovery", write_json(config.discovery)},
          {"backends", list(config.backends)},
          {"zone_groups", zone_groups},
          {"memory", {{"per_connection", config.memory.per_connection}, {"total", config.memory.total}}},
          {"mdns", {{"publish", config.mdns.publish}, {"name", config.mdns.name}, {"subtypes", config.mdns.subtypes}}},
          {"listeners", list(config.listeners)},
          {"subsystems", list(config.subsystems)},
          {"referrals", list(config.referrals)}};
}

std::string format_config(const TargetConfig& config) {
  return write_json(config).dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace stas::target
