// SPDX-License-Identifier: Apache-2.0
//
// Writing nvmet's saved JSON.
#include <array>
#include <map>

#include "tests/target/control/json_model.h"
#include "tests/target/control/nvmet_json.h"
#include "tests/target/control/nvmet_words.h"

namespace stas::target {
namespace {

std::string path_of(const NamespaceConfig& ns, const TargetConfig& config) {
  BackendConfig backend = ns.backend;
  for (const auto& named : config.backends) {
    if (named.name == ns.use) backend = named;
  }
  if (!backend.path.empty()) return backend.path;
  return std::string(word_of(kBackendKinds, backend.kind)) + ":" + std::to_string(backend.size);
}

Json write_subsystem(const SubsystemConfig& subsystem, const TargetConfig& config) {
  Json namespaces = Json::array();
  for (const auto& ns : subsystem.namespaces) {
    namespaces.push_back({{"ana", {{"grpid", std::to_string(ns.ana_group)}}},
                          {"device",
                           {{"nguid", ns.nguid.empty() ? kNoUuid : ns.nguid},
                            {"path", path_of(ns, config)},
                            {"uuid", ns.uuid.empty() ? kNoUuid : ns.uuid}}},
                          {"enable", ns.enabled ? 1 : 0},
                          {"nsid", ns.nsid}});
  }
  std::array<std::uint8_t, 3> oui{};
  for (std::size_t i = 0; i < oui.size(); ++i) oui[i] = static_cast<std::uint8_t>(subsystem.oui >> (16 - 8 * i));
  return {{"allowed_hosts", subsystem.hosts},
          {"attr",
           {{"allow_any_host", subsystem.allow_any_host.value_or(subsystem.hosts.empty()) ? "1" : "0"},
            {"cntlid_max", std::to_string(subsystem.cntlid_max)},
            {"cntlid_min", std::to_string(subsystem.cntlid_min)},
            {"firmware", subsystem.firmware},
            {"ieee_oui", "0x" + hex_text(oui)},
            {"model", subsystem.model},
            {"qid_max", std::to_string(subsystem.max_io_queues)},
            {"serial", subsystem.serial},
            {"version", word_of(kVersions, subsystem.version)}}},
          {"namespaces", namespaces},
          {"nqn", subsystem.nqn}};
}

Json write_port(const ListenerConfig& listener, const TargetConfig& config, bool first) {
  Json groups = Json::array();
  AnaGroups states = listener.ana_groups;
  states.try_emplace(1, AnaState::optimized);
  for (const auto& [group, state] : states) {
    groups.push_back({{"ana", {{"state", word_of(kAnaStates, state)}}}, {"grpid", group}});
  }
  Json referrals = Json::array();
  // Ours belong to the discovery service, nvmet's to a port: the first one carries them.
  for (const auto& referral : first ? config.referrals : std::vector<ReferralConfig>()) {
    referrals.push_back({{"addr",
                          {{"adrfam", referral.traddr.find(':') == std::string::npos ? "ipv4" : "ipv6"},
                           {"traddr", referral.traddr},
                           {"trsvcid", referral.trsvcid},
                           {"trtype", to_string(referral.transport)}}},
                         {"enable", 1},
                         {"name", "referral" + std::to_string(referrals.size())},
                         {"portid", std::to_string(referral.portid)}});
  }
  Json subsystems = Json::array();
  for (const auto& subsystem : config.subsystems) {
    if (subsystem.is_on(listener.id) && subsystem.enabled) subsystems.push_back(subsystem.nqn);
  }
  const char* family = listener.transport == Transport::fc              ? "fc"
                       : listener.transport == Transport::loop          ? "loop"
                       : listener.traddr.find(':') == std::string::npos ? "ipv4"
                                                                        : "ipv6";
  return {{"addr",
           {{"adrfam", family},
            {"traddr", listener.traddr},
            {"treq", word_of(kNvmetTreqs, listener.treq)},
            {"trsvcid", listener.trsvcid},
            {"trtype", to_string(listener.transport)},
            {"tsas", word_of(kTsas, listener.tsas)}}},
          {"ana_groups", groups},
          {"param",
           {{"inline_data_size", std::to_string(listener.in_capsule)},
            {"max_queue_size", std::to_string(listener.queue_size)}}},
          {"portid", listener.id},
          {"referrals", referrals},
          {"subsystems", subsystems}};
}

}  // namespace

Json to_nvmet(const TargetConfig& config) {
  Json hosts = Json::array();
  std::map<std::string, AuthConfig> all;
  for (const auto& subsystem : config.subsystems) {
    for (const auto& host : subsystem.hosts) all.try_emplace(host);
    for (const auto& [host, auth] : subsystem.auth) all[host] = auth;
  }
  for (const auto& [host, auth] : all) {
    Json entry{{"nqn", host}};
    if (!auth.key.empty()) {
      constexpr const char* kHmacs[] = {"hmac(sha256)", "hmac(sha256)", "hmac(sha384)", "hmac(sha512)"};
      entry["dhchap"] = {{"ctrl_key", auth.controller_key},
                         {"dhgroup", auth.dhgroup == 0xFF ? "null" : word_of(kDhGroups, auth.dhgroup)},
                         {"hash", kHmacs[auth.hash]},
                         {"key", auth.key}};
    }
    hosts.push_back(std::move(entry));
  }
  Json ports = Json::array();
  for (const auto& listener : config.listeners) ports.push_back(write_port(listener, config, ports.empty()));
  Json subsystems = Json::array();
  for (const auto& subsystem : config.subsystems) subsystems.push_back(write_subsystem(subsystem, config));
  return {{"hosts", hosts}, {"ports", ports}, {"subsystems", subsystems}};
}

}  // namespace stas::target
