// SPDX-License-Identifier: Apache-2.0
//
// SPDK's methods about the target: referrals, settings, mDNS, and its list of subsystems.
#include <algorithm>

#include "tests/target/control/json_words.h"
#include "tests/target/core/dim.h"
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

Json describe(Call& call, const Subsystem& subsystem) {
  const SubsystemConfig& config = subsystem.config;
  Json addresses = Json::array();
  for (const auto& [id, listener] : call.engine().model().listeners) {
    if (config.is_on(id)) addresses.push_back(spdk_address(listener.config));
  }
  Json hosts = Json::array();
  for (const auto& host : config.hosts) {
    Json entry{{"nqn", host}};
    const auto& keys = call.target.spdk().host_keys[config.nqn];
    if (const auto it = keys.find(host); it != keys.end()) {
      entry["dhchap_key"] = it->second.first;
      if (!it->second.second.empty()) entry["dhchap_ctrlr_key"] = it->second.second;
    }
    hosts.push_back(std::move(entry));
  }
  Json namespaces = Json::array();
  for (const auto& [nsid, ns] : subsystem.namespaces) {
    const std::string name = ns.config().use;
    Json entry{{"nsid", nsid}, {"bdev_name", name}, {"name", name}};
    if (!ns.nguid().empty()) entry["nguid"] = in_capitals(hex_text(ns.nguid()));
    if (!ns.eui64().empty()) entry["eui64"] = in_capitals(hex_text(ns.eui64()));
    entry["uuid"] = uuid_text(ns.uuid());
    if (config.ana) entry["anagrpid"] = ns.config().ana_group;
    namespaces.push_back(std::move(entry));
  }
  Json out{{"nqn", config.nqn},
           {"subtype", "NVMe"},
           {"listen_addresses", addresses},
           {"allow_any_host", config.allow_any_host.value_or(config.hosts.empty())},
           {"hosts", hosts},
           {"serial_number", config.serial},
           {"model_number", config.model}};
  if (!config.admin_label.empty()) out["admin_label"] = config.admin_label;
  out["max_namespaces"] = config.max_namespaces;
  out["min_cntlid"] = config.cntlid_min;
  out["max_cntlid"] = config.cntlid_max;
  out["namespaces"] = namespaces;
  return out;
}

Json describe_discovery(Call& call) {
  Json addresses = Json::array();
  for (const std::uint16_t id : call.target.spdk().discovery_listeners) {
    const auto it = call.engine().model().listeners.find(id);
    if (it != call.engine().model().listeners.end()) addresses.push_back(spdk_address(it->second.config));
  }
  return {{"nqn", call.engine().model().discovery_nqn()},
          {"subtype", "Discovery"},
          {"listen_addresses", addresses},
          {"allow_any_host", true},
          {"hosts", Json::array()}};
}

Answer get_subsystems(Call& call) {
  auto reader = call.reader();
  std::string nqn;
  reader.text("nqn", nqn);
  skip_target_name(reader);
  reader.finish();
  Json out = Json::array();
  if (nqn.empty() || nqn == call.engine().model().discovery_nqn()) out.push_back(describe_discovery(call));
  for (const auto& [name, subsystem] : call.engine().model().subsystems) {
    if (nqn.empty() || nqn == name) out.push_back(describe(call, *subsystem));
  }
  if (out.empty()) return problem("no subsystem " + nqn);
  return out;
}

struct ReferralCall {
  SpdkAddress address;
  std::string subnqn = kDiscoveryNqn;
  bool secure = false;
};

ReferralCall read_referral(Call& call) {
  auto reader = call.reader();
  ReferralCall read;
  skip_target_name(reader);
  reader.require("address");
  read.address = read_address(reader, "address", call.error);
  if (read.address.trsvcid.empty()) read.address.trsvcid = "8009";
  reader.flag("secure_channel", read.secure);
  reader.text("subnqn", read.subnqn);
  skip(reader, {"allow_any_host"});
  reader.finish();
  return read;
}

Answer add_referral(Call& call) {
  const ReferralCall wanted = read_referral(call);
  if (!call.error.empty()) return bad_params();
  ReferralConfig config{.traddr = wanted.address.traddr,
                        .trsvcid = wanted.address.trsvcid,
                        .nqn = wanted.subnqn,
                        .secure = wanted.secure};
  if (wanted.address.trtype == "RDMA") config.transport = Transport::rdma;
  if (wanted.address.trtype == "FC") config.transport = Transport::fc;
  return spdk_true(call.engine().add_referral(std::move(config)));
}

Answer remove_referral(Call& call) {
  const ReferralCall wanted = read_referral(call);
  if (!call.error.empty()) return bad_params();
  return spdk_true(call.engine().remove_referral(wanted.address.traddr, wanted.address.trsvcid));
}

Answer get_referrals(Call& call) {
  auto reader = call.reader();
  skip_target_name(reader);
  reader.finish();
  Json out = Json::array();
  for (const auto& referral : call.engine().model().referrals) {
    out.push_back(
        {{"address", spdk_referral_address(referral)}, {"secure_channel", referral.secure}, {"subnqn", referral.nqn}});
  }
  return out;
}

Answer set_config(Call& call) {
  auto reader = call.reader();
  std::string policy = call.target.spdk().dup_host_policy;
  reader.text("dup_host_policy", policy);
  DiscoveryConfig discovery = call.engine().model().discovery;
  std::string filter;
  reader.text("discovery_filter", filter);
  PolicyConfig allowed = call.engine().model().policy;
  reader.choices("dhchap_digests", allowed.hashes, kHashNames);
  reader.choices("dhchap_dhgroups", allowed.dhgroups, kDhGroupNames);
  skip(reader, {"admin_cmd_passthru", "poll_groups_mask", "discovery_filters"});
  reader.finish();
  if (policy != "accept" && policy != "reject") call.error = "$.params.dup_host_policy: is none of accept, reject";
  if (!call.error.empty()) return bad_params();
  if (const auto ok = call.engine().set_policy(std::move(allowed)); !ok) return problem(ok.error().text);
  call.target.spdk().dup_host_policy = policy;
  if (filter.empty()) return Json(true);
  if (filter == "match_any") {
    discovery.filter = EntryFilter::none;
  } else if (filter.find("address") != std::string::npos || filter.find("svcid") != std::string::npos) {
    discovery.filter = EntryFilter::listener;
  } else {
    discovery.filter = EntryFilter::transport;
  }
  return spdk_true(call.engine().set_discovery(std::move(discovery)));
}

Answer publish(Call& call, bool publish_it) {
  auto reader = call.reader();
  skip_target_name(reader);
  reader.finish();
  MdnsConfig config = call.target.mdns();
  config.publish = publish_it;
  return spdk_true(call.target.set_mdns(config));
}

Answer publish_mdns(Call& call) { return publish(call, true); }
Answer stop_mdns(Call& call) { return publish(call, false); }

/// Retry delays of 100 ms: the first one is ours to give.
Answer set_crdt(Call& call) {
  auto reader = call.reader();
  std::uint16_t first = 0;
  reader.number("crdt1", first, 0, 0xFFFF);
  skip(reader, {"crdt2", "crdt3"});
  skip_target_name(reader);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  for (const auto& [nqn, subsystem] : call.engine().model().subsystems) {
    SubsystemConfig config = subsystem->config;
    config.retry_delay = first;
    if (const auto ok = call.engine().set_subsystem(std::move(config)); !ok) return problem(ok.error().text);
  }
  return Json(true);
}

Answer set_max_subsystems(Call& call) {
  auto reader = call.reader();
  number_param<std::uint32_t>(reader, "max_subsystems", 0xFFFFFFFF);
  reader.finish();
  return Json(true);
}

}  // namespace

Json spdk_referral_address(const ReferralConfig& referral) {
  return {{"trtype", in_capitals(to_string(referral.transport))},
          {"adrfam", referral.traddr.find(':') == std::string::npos ? "IPv4" : "IPv6"},
          {"traddr", referral.traddr},
          {"trsvcid", referral.trsvcid}};
}

const Methods& spdk_target_methods() {
  static const Methods kMethods{
      {"nvmf_get_subsystems", get_subsystems},
      {"nvmf_discovery_add_referral", add_referral},
      {"nvmf_discovery_remove_referral", remove_referral},
      {"nvmf_discovery_get_referrals", get_referrals},
      {"nvmf_set_config", set_config},
      {"nvmf_set_crdt", set_crdt},
      {"nvmf_set_max_subsystems", set_max_subsystems},
      {"nvmf_publish_mdns_prr", publish_mdns},
      {"nvmf_stop_mdns_prr", stop_mdns},
  };
  return kMethods;
}

}  // namespace stas::target
