// SPDX-License-Identifier: Apache-2.0
//
// Subsystems in JSON: identity, hosts and their keys, ANA.
#include "tests/target/control/json_model.h"
#include "tests/target/control/json_words.h"

namespace stas::target {
namespace {

std::string serial_from(const std::string& nqn) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : nqn) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3;
  std::array<std::uint8_t, 8> raw{};
  put64(raw.data(), hash);
  return hex_text(raw);
}

void read_tls_keys(ObjectReader& from, SubsystemConfig& to) {
  std::string error;
  from.each("tls_keys", [&](const Json& element, const std::string& path) {
    ObjectReader reader(element, path, error);
    std::string host;
    reader.require("host");
    reader.text("host", host);
    reader.require("key");
    reader.text("key", to.tls_keys[host]);
    reader.finish();
  });
  if (!error.empty()) from.adopt(error);
}

void read_ana_groups(ObjectReader& from, SubsystemConfig& to) {
  std::string error;
  from.each("ana_groups", [&](const Json& element, const std::string& path) {
    ObjectReader reader(element, path, error);
    std::uint16_t listener = 0;
    std::uint32_t group = 0;
    auto state = AnaState::optimized;
    reader.require("listener");
    reader.number("listener", listener, 1, 0xFFFF);
    read_ana_group(reader, group, state);
    to.ana_groups[listener][group] = state;
  });
  if (!error.empty()) from.adopt(error);
}

}  // namespace

void read_auth_keys(ObjectReader& from, AuthConfig& to) {
  from.text("key", to.key);
  from.text("controller_key", to.controller_key);
  from.choice("hash", to.hash, kHashes);
  from.choice("dhgroup", to.dhgroup, kDhGroups);
}

void read_auth(ObjectReader& from, HostAuth& to) {
  if (from.find("auth") != nullptr) to.clear();
  std::string error;
  from.each("auth", [&](const Json& element, const std::string& path) {
    ObjectReader reader(element, path, error);
    std::string host;
    AuthConfig auth;
    reader.require("host");
    reader.text("host", host);
    reader.require("key");
    read_auth_keys(reader, auth);
    reader.finish();
    to[host] = auth;
  });
  if (!error.empty()) from.adopt(error);
}

Json write_auth(const HostAuth& hosts) {
  Json out = Json::array();
  for (const auto& [host, auth] : hosts) {
    out.push_back({{"host", host},
                   {"key", auth.key},
                   {"controller_key", auth.controller_key},
                   {"hash", word_of(kHashes, auth.hash)},
                   {"dhgroup", word_of(kDhGroups, auth.dhgroup)}});
  }
  return out;
}

void read_ana_group(ObjectReader& from, std::uint32_t& group, AnaState& state) {
  from.require("id");
  from.number("id", group, 1, kMaxAnaGroups);
  from.require("state");
  from.choice("state", state, kAnaStates);
  from.finish();
}

void read_subsystem_details(ObjectReader& from, SubsystemConfig& to) {
  from.text("serial", to.serial);
  from.text("model", to.model);
  from.text("firmware", to.firmware);
  if (from.find("allow_any_host") != nullptr) {
    bool any = true;
    from.flag("allow_any_host", any);
    to.allow_any_host = any;
  }
  from.names("hosts", to.hosts);
  if (from.find("listeners") != nullptr) to.listeners.clear();
  from.ids("listeners", to.listeners);
  from.number("max_io_queues", to.max_io_queues, 1, kMaxQueuesPerController);
  from.number("max_namespaces", to.max_namespaces, 0, 0xFFFFFFFD);
  from.number("kas", to.kas, 1, 0xFFFF);
  from.number("mdts", to.mdts, 0, 8);
  from.choice("version", to.version, kVersions);
  from.flag("ncc", to.ncc);
  from.flag("enabled", to.enabled);
  from.flag("tbkas", to.tbkas);
  from.flag("ana", to.ana);
  if (from.find("ana_groups") != nullptr) to.ana_groups.clear();
  read_ana_groups(from, to);
  read_auth(from, to.auth);
  if (from.find("tls_keys") != nullptr) to.tls_keys.clear();
  read_tls_keys(from, to);
  from.choice("auth_queues", to.auth_admin_only, kAuthQueues);
  from.flag("one_hostid_per_host", to.one_hostid_per_host);
  from.number("vid", to.vid, 0, 0xFFFF);
  from.number("ssvid", to.ssvid, 0, 0xFFFF);
  from.number("oui", to.oui, 0, 0xFFFFFF);
  from.text("admin_label", to.admin_label);
  if (to.admin_label.size() > 256) from.fail("admin_label", "is longer than 256 bytes");
  from.number("retry_delay", to.retry_delay, 0, 0xFFFF);
}

void read_json(ObjectReader& from, SubsystemConfig& to) {
  from.require("nqn");
  from.text("nqn", to.nqn);
  if (to.nqn.empty() || to.nqn.size() > kMaxNqnBytes) from.fail("nqn", "is not 1 to 223 bytes");
  to.serial = serial_from(to.nqn);
  read_subsystem_details(from, to);
  std::string error;
  from.each("namespaces", [&](const Json& element, const std::string& path) {
    read_object(element, path, error, to.namespaces.emplace_back());
  });
  if (!error.empty()) from.adopt(error);
  from.number("cntlid_min", to.cntlid_min, 1, 0xFFEF);
  from.number("cntlid_max", to.cntlid_max, 1, 0xFFEF);
}

Json write_json(const SubsystemConfig& config) {
  Json namespaces = Json::array();
  for (const auto& ns : config.namespaces) namespaces.push_back(write_json(ns));
  Json out{{"nqn", config.nqn},
           {"serial", config.serial},
           {"model", config.model},
           {"firmware", config.firmware},
           {"allow_any_host", config.allow_any_host.value_or(config.hosts.empty())},
           {"hosts", config.hosts},
           {"listeners", config.listeners},
           {"namespaces", namespaces},
           {"max_io_queues", config.max_io_queues},
           {"max_namespaces", config.max_namespaces},
           {"cntlid_min", config.cntlid_min},
           {"cntlid_max", config.cntlid_max},
           {"kas", config.kas},
           {"mdts", config.mdts},
           {"version", word_of(kVersions, config.version)},
           {"ncc", config.ncc},
           {"enabled", config.enabled},
           {"tbkas", config.tbkas},
           {"ana", config.ana},
           {"auth_queues", word_of(kAuthQueues, config.auth_admin_only)},
           {"one_hostid_per_host", config.one_hostid_per_host},
           {"vid", config.vid},
           {"ssvid", config.ssvid},
           {"oui", config.oui},
           {"retry_delay", config.retry_delay}};
  if (!config.admin_label.empty()) out["admin_label"] = config.admin_label;
  for (const auto& [listener, groups] : config.ana_groups) {
    for (const auto& [group, state] : groups) {
      out["ana_groups"].push_back({{"listener", listener}, {"id", group}, {"state", word_of(kAnaStates, state)}});
    }
  }
  for (const auto& [host, key] : config.tls_keys) out["tls_keys"].push_back({{"host", host}, {"key", key}});
  if (!config.auth.empty()) out["auth"] = write_auth(config.auth);
  return out;
}

}  // namespace stas::target
