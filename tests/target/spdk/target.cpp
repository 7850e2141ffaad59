// SPDX-License-Identifier: Apache-2.0
//
// SPDK's methods about the target: transports, statistics, referrals, settings, mDNS, and its list of subsystems.
#include <algorithm>

#include "tests/target/control/json_words.h"
#include "tests/target/core/dim.h"
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

Answer create_transport(Call& call) {
  auto reader = call.reader();
  const auto type = in_capitals(text_param(reader, "trtype"));
  skip_target_name(reader);
  SpdkState::Transport transport;
  reader.number("max_queue_depth", transport.max_queue_depth, 16, 1024);
  reader.number("max_io_qpairs_per_ctrlr", transport.max_io_qpairs_per_ctrlr, 1, kMaxQueuesPerController);
  reader.number("in_capsule_data_size", transport.in_capsule_data_size, 0, 65536);
  reader.number("max_io_size", transport.max_io_size, 4096, kMaxTransfer);
  reader.number("io_unit_size", transport.io_unit_size, 1, kMaxTransfer);
  reader.number("max_aq_depth", transport.max_aq_depth, 32, 4096);
  reader.flag("c2h_success", transport.c2h_success);
  skip(reader, {"num_shared_buffers",
                "buf_cache_size",
                "iobuf_small_cache_size",
                "iobuf_large_cache_size",
                "zcopy",
                "num_cqe",
                "max_srq_depth",
                "no_srq",
                "dif_insert_or_strip",
                "sock_priority",
                "acceptor_backlog",
                "abort_timeout_sec",
                "no_wr_batching",
                "control_msg_num",
                "disable_mappable_bar0",
                "disable_adaptive_irq",
                "disable_shadow_doorbells",
                "acceptor_poll_rate",
                "ack_timeout",
                "data_wr_pool_size",
                "disable_command_passthru",
                "kas",
                "min_kato",
                "masked_oncs",
                "masked_fuses"});
  reader.finish();
  if (!call.error.empty()) return bad_params();
  if (type != "TCP") return problem("Transport type '" + type + "' is not available: this target has TCP");
  if (transport.in_capsule_data_size % 16 != 0) return problem("in_capsule_data_size is not a multiple of 16");
  if (!call.target.spdk().transports.emplace(type, transport).second) {
    return problem("Transport type '" + type + "' already exists");
  }
  return Json(true);
}

Json transport_params(const std::string& type, const SpdkState::Transport& transport) {
  return {{"trtype", type},
          {"max_queue_depth", transport.max_queue_depth},
          {"max_io_qpairs_per_ctrlr", transport.max_io_qpairs_per_ctrlr},
          {"in_capsule_data_size", transport.in_capsule_data_size},
          {"max_io_size", transport.max_io_size},
          {"io_unit_size", transport.io_unit_size},
          {"max_aq_depth", transport.max_aq_depth},
          {"num_shared_buffers", 511},
          {"buf_cache_size", 4294967295U},
          {"dif_insert_or_strip", false},
          {"zcopy", false},
          {"c2h_success", transport.c2h_success},
          {"sock_priority", 0},
          {"abort_timeout_sec", 1}};
}

Answer get_transports(Call& call) {
  auto reader = call.reader();
  std::string type;
  reader.text("trtype", type);
  skip_target_name(reader);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  type = in_capitals(type);
  Json out = Json::array();
  for (const auto& [name, transport] : call.target.spdk().transports) {
    if (type.empty() || type == name) out.push_back(transport_params(name, transport));
  }
  if (!type.empty() && out.empty()) return problem("no transport " + type);
  return out;
}

Answer get_stats(Call& call) {
  auto reader = call.reader();
  skip_target_name(reader);
  reader.finish();
  const Stats& stats = call.engine().stats();
  std::size_t admin = 0;
  std::size_t io = 0;
  for (const auto& [key, controller] : call.engine().controllers()) {
    admin += controller->queues.count(0);
    io += controller->queues.size() - controller->queues.count(0);
  }
  std::uint64_t completed = 0;
  for (const auto& [code, count] : stats.commands.io) completed += count;
  Json transports = Json::array();
  for (const auto& [name, transport] : call.target.spdk().transports) transports.push_back({{"trtype", name}});
  return Json{{"tick_rate", 1000000000},
              {"poll_groups", Json::array({{{"name", "stas_target_poll_group_000"},
                                            {"admin_qpairs", stats.admin_connects},
                                            {"io_qpairs", stats.io_connects},
                                            {"current_admin_qpairs", admin},
                                            {"current_io_qpairs", io},
                                            {"pending_bdev_io", 0},
                                            {"completed_nvme_io", completed},
                                            {"transports", transports}}})}};
}

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

Json referral_address(const ReferralConfig& referral) {
  return {{"trtype", in_capitals(to_string(referral.transport))},
          {"adrfam", referral.traddr.find(':') == std::string::npos ? "IPv4" : "IPv6"},
          {"traddr", referral.traddr},
          {"trsvcid", referral.trsvcid}};
}

Answer get_referrals(Call& call) {
  auto reader = call.reader();
  skip_target_name(reader);
  reader.finish();
  Json out = Json::array();
  for (const auto& referral : call.engine().model().referrals) {
    out.push_back(
        {{"address", referral_address(referral)}, {"secure_channel", referral.secure}, {"subnqn", referral.nqn}});
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
    Json params = transport_params(name, transport);
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
    out.push_back(
        {{"method", "nvmf_discovery_add_referral"},
         {"params",
          {{"address", referral_address(referral)}, {"secure_channel", referral.secure}, {"subnqn", referral.nqn}}}});
  }
  return out;
}

const Methods& spdk_target_methods() {
  static const Methods kMethods{
      {"nvmf_create_transport", create_transport},
      {"nvmf_get_transports", get_transports},
      {"nvmf_get_stats", get_stats},
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
