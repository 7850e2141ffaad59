// SPDX-License-Identifier: Apache-2.0
//
// SPDK's methods about the listeners of a subsystem, and its form of an address.
#include <algorithm>
#include <cctype>

#include "tests/target/control/json_words.h"
#include "tests/target/core/visibility.h"
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

bool is_discovery(const Engine& engine, const std::string& nqn) {
  return nqn == kDiscoveryNqn || nqn == engine.model().discovery_nqn();
}

/// Makes a listener with the options of its transport, or finds the one that is there.
Result<std::uint16_t> open_listener(Call& call, const SpdkAddress& address, bool secure) {
  if (const Listener* present = find_listener(call.engine(), address)) {
    if (present->config.secure == secure) return present->config.id;
    call.error = std::string("$.params.secure_channel: the listener at ") + address.traddr + " port " +
                 address.trsvcid + (secure ? " is in the clear for others" : " has a secure channel for others");
    return problem(call.error);
  }
  const auto& transports = call.target.spdk().transports;
  const auto transport = transports.find("TCP");
  if (address.trtype != "TCP") return problem("transport type '" + address.trtype + "' is not available");
  if (transport == transports.end()) return problem("there is no TCP transport: call nvmf_create_transport first");
  ListenerConfig config{.traddr = address.traddr, .trsvcid = address.trsvcid.empty() ? "4420" : address.trsvcid};
  config.in_capsule = transport->second.in_capsule_data_size;
  config.queue_size = transport->second.max_queue_depth;
  config.secure = secure;
  if (secure) {
    config.treq = Treq::required;
    config.tsas = Tsas::tls13;
  }
  const auto added = call.target.add_listener(config);
  if (!added) return problem(added.error().text);
  return added->config.id;
}

Answer add_listener(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  skip_target_name(reader);
  reader.require("listen_address");
  const SpdkAddress address = read_address(reader, "listen_address", call.error);
  bool secure = false;
  reader.flag("secure_channel", secure);
  auto state = AnaState::optimized;
  reader.choice("ana_state", state, kSpdkAnaStates);
  skip(reader, {"sock_impl", "numa_id"});
  reader.finish();
  if (!call.error.empty()) return bad_params();
  Engine& engine = call.engine();
  const bool discovery = is_discovery(engine, nqn);
  const Subsystem* subsystem = engine.subsystem(nqn);
  if (!discovery && subsystem == nullptr) return problem("Unable to find subsystem with NQN " + nqn);
  const auto id = open_listener(call, address, secure);
  if (!id) return problem(id.error().text);
  if (discovery) {
    call.target.spdk().discovery_listeners.insert(*id);
    return Json(true);
  }
  SubsystemConfig config = subsystem->config;
  config.listeners.erase(kNowhere);
  config.listeners.insert(*id);
  if (state != AnaState::optimized) config.ana_groups[*id][1] = state;
  return spdk_true(engine.set_subsystem(std::move(config)));
}

/// Nobody is behind it any more.
bool is_idle(Call& call, std::uint16_t id) {
  const auto& subsystems = call.engine().model().subsystems;
  return !call.target.spdk().discovery_listeners.contains(id) &&
         std::none_of(subsystems.begin(), subsystems.end(),
                      [id](const auto& entry) { return entry.second->config.listeners.contains(id); });
}

Answer remove_listener(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  skip_target_name(reader);
  reader.require("listen_address");
  const SpdkAddress address = read_address(reader, "listen_address", call.error);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  Engine& engine = call.engine();
  const Listener* listener = find_listener(engine, address);
  if (listener == nullptr) return problem("no listener at " + address.traddr + " port " + address.trsvcid);
  const std::uint16_t id = listener->config.id;
  if (is_discovery(engine, nqn)) {
    call.target.spdk().discovery_listeners.erase(id);
  } else {
    const Subsystem* subsystem = engine.subsystem(nqn);
    if (subsystem == nullptr) return problem("Unable to find subsystem with NQN " + nqn);
    SubsystemConfig config = subsystem->config;
    config.listeners.erase(id);
    config.ana_groups.erase(id);
    if (config.listeners.empty()) config.listeners.insert(kNowhere);
    if (const auto ok = engine.set_subsystem(std::move(config)); !ok) return problem(ok.error().text);
  }
  return is_idle(call, id) ? spdk_true(call.target.remove_listener(id)) : Answer(Json(true));
}

Answer set_ana_state(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  skip_target_name(reader);
  reader.require("listen_address");
  const SpdkAddress address = read_address(reader, "listen_address", call.error);
  auto state = AnaState::optimized;
  reader.require("ana_state");
  reader.choice("ana_state", state, kSpdkAnaStates);
  std::optional<std::uint32_t> group;
  optional_number(reader, "anagrpid", kMaxAnaGroups, group);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  const Listener* listener = find_listener(call.engine(), address);
  if (listener == nullptr) return problem("no listener at " + address.traddr + " port " + address.trsvcid);
  const std::uint16_t id = listener->config.id;
  if (group) return spdk_true(call.engine().set_ana(id, *group, state, nqn));
  // Without a group: all of them that have namespaces, and the first.
  const Subsystem* subsystem = call.engine().subsystem(nqn);
  if (subsystem == nullptr) return problem("Unable to find subsystem with NQN " + nqn);
  std::set<std::uint32_t> groups{1};
  for (const auto& [nsid, ns] : subsystem->namespaces) groups.insert(ns.config().ana_group);
  for (const std::uint32_t one : groups) {
    if (const auto ok = call.engine().set_ana(id, one, state, nqn); !ok) return problem(ok.error().text);
  }
  return Json(true);
}

Answer get_listeners(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  skip_target_name(reader);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  const Subsystem* subsystem = call.engine().subsystem(nqn);
  if (subsystem == nullptr && !is_discovery(call.engine(), nqn)) return problem("no subsystem " + nqn);
  Json out = Json::array();
  for (const auto& [id, listener] : call.engine().model().listeners) {
    const bool on =
        subsystem != nullptr ? subsystem->config.is_on(id) : call.target.spdk().discovery_listeners.contains(id);
    if (!on) continue;
    Json entry{{"address", spdk_address(listener.config)}};
    if (subsystem != nullptr && subsystem->config.ana) {
      std::set<std::uint32_t> groups{1};
      for (const auto& [nsid, ns] : subsystem->namespaces) groups.insert(ns.config().ana_group);
      for (const std::uint32_t group : groups) {
        const AnaState state = ana_state(call.engine().model(), *subsystem, id, group);
        entry["ana_states"].push_back({{"ana_group", group}, {"ana_state", word_of(kSpdkAnaStates, state)}});
      }
    }
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace

std::string in_capitals(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

SpdkAddress read_address(ObjectReader& from, const char* key, std::string& error) {
  SpdkAddress address;
  const Json* value = from.find(key);
  if (value == nullptr) return address;
  ObjectReader reader(*value, from.path() + "." + key, error);
  reader.text("trtype", address.trtype);
  address.trtype = in_capitals(address.trtype);
  reader.text("adrfam", address.adrfam);
  address.traddr = text_param(reader, "traddr");
  reader.text("trsvcid", address.trsvcid);
  reader.finish();
  return address;
}

Json spdk_address(const ListenerConfig& config) {
  return {{"trtype", in_capitals(to_string(config.transport))},
          {"adrfam", config.traddr.find(':') == std::string::npos ? "IPv4" : "IPv6"},
          {"traddr", config.traddr},
          {"trsvcid", config.trsvcid}};
}

const Listener* find_listener(const Engine& engine, const SpdkAddress& address) {
  for (const auto& [id, listener] : engine.model().listeners) {
    const ListenerConfig& config = listener.config;
    if (config.transport == Transport::tcp && config.traddr == address.traddr && config.trsvcid == address.trsvcid) {
      return &listener;
    }
  }
  return nullptr;
}

const Methods& spdk_listener_methods() {
  static const Methods kMethods{
      {"nvmf_subsystem_add_listener", add_listener},
      {"nvmf_subsystem_remove_listener", remove_listener},
      {"nvmf_subsystem_listener_set_ana_state", set_ana_state},
      {"nvmf_subsystem_get_listeners", get_listeners},
  };
  return kMethods;
}

}  // namespace stas::target
