// SPDX-License-Identifier: Apache-2.0
//
// What is there now as SPDK's calls that build the same again, for its save_config.
#include "tests/target/control/json_words.h"
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

void add_subsystem_config(Call& call, const Subsystem& subsystem, Json& out) {
  const SubsystemConfig& config = subsystem.config;
  const auto step = [&out](const char* method, Json params) {
    out.push_back({{"method", method}, {"params", std::move(params)}});
  };
  step("nvmf_create_subsystem", {{"nqn", config.nqn},
                                 {"allow_any_host", config.allow_any_host.value_or(config.hosts.empty())},
                                 {"serial_number", config.serial},
                                 {"model_number", config.model},
                                 {"max_namespaces", config.max_namespaces},
                                 {"min_cntlid", config.cntlid_min},
                                 {"max_cntlid", config.cntlid_max},
                                 {"ana_reporting", config.ana}});
  for (const auto& host : config.hosts) {
    Json params{{"nqn", config.nqn}, {"host", host}};
    const auto& keys = call.target.spdk().host_keys[config.nqn];
    if (const auto it = keys.find(host); it != keys.end()) {
      params["dhchap_key"] = it->second.first;
      if (!it->second.second.empty()) params["dhchap_ctrlr_key"] = it->second.second;
    }
    step("nvmf_subsystem_add_host", std::move(params));
  }
  for (const auto& [nsid, ns] : subsystem.namespaces) {
    Json params{{"nsid", nsid}, {"bdev_name", ns.config().use}, {"uuid", uuid_text(ns.uuid())}};
    if (!ns.nguid().empty()) params["nguid"] = in_capitals(hex_text(ns.nguid()));
    if (config.ana) params["anagrpid"] = ns.config().ana_group;
    step("nvmf_subsystem_add_ns", {{"nqn", config.nqn}, {"namespace", params}});
  }
  for (const auto& [id, listener] : call.engine().model().listeners) {
    if (!config.is_on(id)) continue;
    step("nvmf_subsystem_add_listener", {{"nqn", config.nqn},
                                         {"listen_address", spdk_address(listener.config)},
                                         {"secure_channel", listener.config.secure}});
    const auto groups = config.ana_groups.find(id);
    if (groups == config.ana_groups.end()) continue;
    for (const auto& [group, state] : groups->second) {
      step("nvmf_subsystem_listener_set_ana_state", {{"nqn", config.nqn},
                                                     {"listen_address", spdk_address(listener.config)},
                                                     {"ana_state", word_of(kSpdkAnaStates, state)},
                                                     {"anagrpid", group}});
    }
  }
}

}  // namespace

Json spdk_nvmf_config(Call& call) {
  Json out = Json::array();
  const Json policy = write_json(call.engine().model().policy);
  out.push_back({{"method", "nvmf_set_config"},
                 {"params",
                  {{"dup_host_policy", call.target.spdk().dup_host_policy},
                   {"dhchap_digests", policy["hashes"]},
                   {"dhchap_dhgroups", policy["dhgroups"]}}}});
  for (const auto& [name, transport] : call.target.spdk().transports) {
    Json params = spdk_transport(name, transport);
    out.push_back({{"method", "nvmf_create_transport"}, {"params", std::move(params)}});
  }
  for (const auto& [nqn, subsystem] : call.engine().model().subsystems) add_subsystem_config(call, *subsystem, out);
  for (const std::uint16_t id : call.target.spdk().discovery_listeners) {
    const auto it = call.engine().model().listeners.find(id);
    if (it == call.engine().model().listeners.end()) continue;
    out.push_back({{"method", "nvmf_subsystem_add_listener"},
                   {"params", {{"nqn", kDiscoveryNqn}, {"listen_address", spdk_address(it->second.config)}}}});
  }
  for (const auto& referral : call.engine().model().referrals) {
    out.push_back({{"method", "nvmf_discovery_add_referral"},
                   {"params",
                    {{"address", spdk_referral_address(referral)},
                     {"secure_channel", referral.secure},
                     {"subnqn", referral.nqn}}}});
  }
  return out;
}

}  // namespace stas::target
