// SPDX-License-Identifier: Apache-2.0
//
// SPDK's methods about the hosts of a subsystem, their keys, and who is connected.
#include "tests/target/core/dim.h"
#include "tests/target/spdk/keyring.h"
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

struct HostCall {
  std::string nqn;
  std::string host;
  std::string key;             ///< names of keys
  std::string controller_key;  ///< the same
  std::string psk;             ///< the same, for TLS
};

HostCall read_host(Call& call) {
  auto reader = call.reader();
  HostCall read;
  read.nqn = text_param(reader, "nqn");
  read.host = text_param(reader, "host");
  reader.text("dhchap_key", read.key);
  reader.text("dhchap_ctrlr_key", read.controller_key);
  skip_target_name(reader);
  reader.text("psk", read.psk);
  skip(reader, {"timeout_ms"});
  reader.finish();
  return read;
}

Result<void> set_keys(Call& call, const HostCall& wanted) {
  AuthConfig auth;
  SpdkState& state = call.target.spdk();
  for (const bool of_controller : {false, true}) {
    const std::string& name = of_controller ? wanted.controller_key : wanted.key;
    if (name.empty()) continue;
    auto text = read_key(state, name);
    if (!text) return problem(text.error().text);
    (of_controller ? auth.controller_key : auth.key) = std::move(*text);
  }
  if (const auto ok = call.engine().set_auth(wanted.nqn, wanted.host, auth); !ok) return ok;
  if (wanted.key.empty()) {
    state.host_keys[wanted.nqn].erase(wanted.host);
  } else {
    state.host_keys[wanted.nqn][wanted.host] = {wanted.key, wanted.controller_key};
  }
  return {};
}

/// SPDK keeps "any host" apart from the list, so adding a host must not end it.
Result<void> set_host(Call& call, const HostCall& wanted, bool allowed) {
  const Subsystem* subsystem = call.engine().subsystem(wanted.nqn);
  if (subsystem == nullptr) return problem("Unable to find subsystem with NQN " + wanted.nqn);
  const bool any = subsystem->config.allow_any_host.value_or(false);
  SubsystemConfig config = subsystem->config;
  if (allowed) {
    config.hosts.insert(wanted.host);
  } else if (config.hosts.erase(wanted.host) == 0) {
    return problem(wanted.nqn + " has no host " + wanted.host);
  }
  config.allow_any_host = any;
  return call.engine().set_subsystem(std::move(config));
}

Answer add_host(Call& call) {
  const HostCall wanted = read_host(call);
  if (!call.error.empty()) return bad_params();
  // Keys first: a host that comes in between must not find the door open.
  if (!wanted.key.empty()) {
    if (const auto ok = set_keys(call, wanted); !ok) return problem(ok.error().text);
  }
  if (!wanted.psk.empty()) {
    const auto text = read_key(call.target.spdk(), wanted.psk);
    if (!text) return problem(text.error().text);
    const auto ok = call.engine().set_tls_key(wanted.nqn, wanted.host, *text);
    if (!ok) return problem(ok.error().text);
  }
  return spdk_true(set_host(call, wanted, true));
}

Answer remove_host(Call& call) {
  const HostCall wanted = read_host(call);
  if (!call.error.empty()) return bad_params();
  if (const auto ok = set_host(call, wanted, false); !ok) return problem(ok.error().text);
  return spdk_true(set_keys(call, {wanted.nqn, wanted.host, {}, {}, {}}));
}

Answer subsystem_set_keys(Call& call) {
  const HostCall wanted = read_host(call);
  return call.error.empty() ? spdk_true(set_keys(call, wanted)) : bad_params();
}

Answer allow_any_host(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  bool any = true;
  reader.require("allow_any_host");
  reader.flag("allow_any_host", any);
  skip_target_name(reader);
  reader.finish();
  return call.error.empty() ? spdk_true(call.engine().allow_any_host(nqn, any)) : bad_params();
}

/// Calls `each` for every controller of the subsystem that the call names.
template <typename Each>
Answer of_controllers(Call& call, Each each) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  skip_target_name(reader);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  const Subsystem* subsystem = call.engine().subsystem(nqn);
  const bool discovery = nqn == kDiscoveryNqn || nqn == call.engine().model().discovery_nqn();
  if (subsystem == nullptr && !discovery) return problem("no subsystem " + nqn);
  Json out = Json::array();
  for (const auto& [key, controller] : call.engine().controllers()) {
    if (controller->subsystem == subsystem) each(*controller, out);
  }
  return out;
}

Answer get_controllers(Call& call) {
  return of_controllers(call, [](const Controller& controller, Json& out) {
    out.push_back({{"cntlid", controller.cntlid},
                   {"cntrltype", controller.is_discovery() ? "discovery" : "io"},
                   {"hostnqn", controller.hostnqn},
                   {"hostid", uuid_text(controller.hostid)},
                   {"num_io_qpairs", controller.queues.size() - controller.queues.count(0)}});
  });
}

Answer get_qpairs(Call& call) {
  return of_controllers(call, [&call](const Controller& controller, Json& out) {
    for (const auto& [qid, queue] : controller.queues) {
      Json entry{{"cntlid", controller.cntlid},
                 {"qid", qid},
                 {"state", queue->must_authenticate() ? "authenticating" : "enabled"},
                 {"thread", "stas_target"},
                 {"hostnqn", controller.hostnqn}};
      const auto listener = call.engine().model().listeners.find(queue->origin.listener);
      if (listener != call.engine().model().listeners.end()) {
        entry["listen_address"] = spdk_address(listener->second.config);
      }
      entry["peer_address"] = {{"trtype", in_capitals(to_string(queue->origin.transport))},
                               {"adrfam", queue->origin.adrfam == 2 ? "IPv6" : "IPv4"},
                               {"traddr", queue->origin.peer_address},
                               {"trsvcid", queue->origin.peer_port}};
      if (queue->auth != nullptr) {
        entry["auth"] = {{"state", queue->auth->is_authenticated() ? "completed" : "await-negotiate"},
                         {"digest", queue->auth->digest_name()},
                         {"dhgroup", queue->auth->group_name()}};
      }
      out.push_back(std::move(entry));
    }
  });
}

}  // namespace

const Methods& spdk_host_methods() {
  static const Methods kMethods{
      {"nvmf_subsystem_add_host", add_host},
      {"nvmf_subsystem_remove_host", remove_host},
      {"nvmf_subsystem_set_keys", subsystem_set_keys},
      {"nvmf_subsystem_allow_any_host", allow_any_host},
      {"nvmf_subsystem_get_controllers", get_controllers},
      {"nvmf_subsystem_get_qpairs", get_qpairs},
  };
  return kMethods;
}

}  // namespace stas::target
