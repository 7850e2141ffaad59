// SPDX-License-Identifier: Apache-2.0
//
// Methods about the target as a whole: state, listeners, discovery service, ANA, zone groups, registrations.
#include <cstdio>
#include <memory>

#include "tests/target/control/nvmet_json.h"
#include "tests/target/control/rpc_call.h"

namespace stas::target {
namespace {

Answer target_save(Call& call) {
  auto reader = call.reader();
  bool nvmet = false;
  reader.choice("format", nvmet, {{"own", false}, {"nvmet", true}});
  reader.finish();
  if (!call.error.empty()) return bad_params();
  return nvmet ? to_nvmet(call.target.save()) : write_json(call.target.save());
}

Answer target_stats(Call& call) {
  call.reader().finish();
  const Stats& s = call.engine().stats();
  return Json{
      {"genctr", call.engine().model().genctr},
      {"connections",
       {{"accepted", s.accepted},
        {"open", s.open},
        {"protocol_errors", s.protocol_errors},
        {"digest_errors", s.digest_errors},
        {"bytes_in", s.bytes_in},
        {"bytes_out", s.bytes_out},
        {"memory", call.target.budget().used()}}},
      {"controllers", call.engine().controllers().size()},
      {"connects", {{"admin", s.admin_connects}, {"io", s.io_connects}, {"refused", s.refused_connects}}},
      {"commands", describe(s.commands)},
      {"log_reads", by_code(s.log_reads)},
      {"dim",
       {{"register", s.dim_registered},
        {"deregister", s.dim_deregistered},
        {"update", s.dim_updated},
        {"refused", s.dim_refused}}},
      {"authentication", {{"succeeded", s.authenticated}, {"failed", s.auth_failed}}},
      {"keep_alives", s.keep_alives},
      {"kato_expired", s.kato_expired},
      {"idle_expired", s.idle_expired},
      {"aens", s.aens},
  };
}

Answer listener_add(Call& call) {
  ListenerConfig config;
  read_object(call.params, "$.params", call.error, config);
  if (!call.error.empty()) return bad_params();
  const auto added = call.target.add_listener(config);
  if (!added) return problem(added.error().text);
  return write_json(added->config);
}

Answer listener_remove(Call& call) {
  auto reader = call.reader();
  const auto id = number_param<std::uint16_t>(reader, "id", 0xFFFF);
  reader.finish();
  return call.error.empty() ? changed(call, call.target.remove_listener(id)) : bad_params();
}

Answer listener_list(Call& call) {
  call.reader().finish();
  Json out = Json::array();
  for (const auto& [id, listener] : call.engine().model().listeners) out.push_back(write_json(listener.config));
  return out;
}

Answer discovery_set(Call& call) {
  DiscoveryConfig config = call.engine().model().discovery;
  read_object(call.params, "$.params", call.error, config);
  return call.error.empty() ? changed(call, call.engine().set_discovery(config)) : bad_params();
}

Answer policy_set(Call& call) {
  PolicyConfig config = call.engine().model().policy;
  read_object(call.params, "$.params", call.error, config);
  return call.error.empty() ? changed(call, call.engine().set_policy(std::move(config))) : bad_params();
}

Answer discovery_bump(Call& call) {
  call.reader().finish();
  call.engine().bump();
  return changed(call);
}

Answer dim_list(Call& call) {
  call.reader().finish();
  Json out = Json::array();
  for (const auto& record : call.engine().dim().list()) {
    out.push_back({{"hostnqn", record.entity_id},
                   {"hostid", record.hostid},
                   {"name", record.entity_name},
                   {"version", record.entity_version},
                   {"symname", record.symname},
                   {"trtype", record.trtype},
                   {"adrfam", record.adrfam},
                   {"traddr", record.traddr},
                   {"nqn", record.nqn},
                   {"entity_type", record.entity_type},
                   {"listener", record.listener}});
  }
  return out;
}

Answer listener_set(Call& call) {
  auto reader = call.reader();
  const auto id = number_param<std::uint16_t>(reader, "id", 0xFFFF);
  auto accepting = Target::Accepting::yes;
  reader.require("accepting");
  reader.choice("accepting", accepting,
                {{"yes", Target::Accepting::yes},
                 {"paused", Target::Accepting::paused},
                 {"black-hole", Target::Accepting::black_hole}});
  reader.finish();
  return call.error.empty() ? changed(call, call.target.set_accepting(id, accepting)) : bad_params();
}

Answer ana_set(Call& call) {
  auto reader = call.reader();
  const auto listener = number_param<std::uint16_t>(reader, "listener", 0xFFFF);
  std::string nqn;
  reader.text("nqn", nqn);
  std::uint32_t group = 0;
  auto state = AnaState::optimized;
  read_ana_group(reader, group, state);
  if (!call.error.empty()) return bad_params();
  return changed(call, call.engine().set_ana(listener, group, state, nqn));
}

Answer zone_set(Call& call) {
  ZoneGroupConfig group;
  read_object(call.params, "$.params", call.error, group);
  return call.error.empty() ? changed(call, call.engine().set_zone_group(group)) : bad_params();
}

Answer zone_remove(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().set_zone_group({name, {}})) : bad_params();
}

Answer zone_list(Call& call) {
  call.reader().finish();
  Json out = Json::array();
  for (const auto& [name, members] : call.engine().model().zone_groups) {
    out.push_back({{"name", name}, {"members", members}});
  }
  return out;
}

Answer target_add(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  TargetConfig config;
  if (const Json* json = reader.find("config")) read_object(*json, "$.params.config", call.error, config);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  if (const auto ok = call.target.add_target(name, config); !ok) return problem(ok.error().text);
  Json listeners = Json::array();
  for (const auto& [id, listener] : call.target.find_target(name)->engine().model().listeners) {
    listeners.push_back(write_json(listener.config));
  }
  return Json{{"name", name}, {"listeners", listeners}};
}

Answer target_remove(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  reader.finish();
  return call.error.empty() ? changed(call, call.target.remove_target(name)) : bad_params();
}

Answer target_list(Call& call) {
  call.reader().finish();
  Json out = Json::array();
  for (const auto& [name, target] : call.target.targets()) out.push_back(name);
  return out;
}

Answer mdns_set(Call& call) {
  MdnsConfig config = call.target.mdns();
  read_object(call.params, "$.params", call.error, config);
  if (!call.error.empty()) return bad_params();
  if (const auto ok = call.target.set_mdns(config); !ok) return problem(ok.error().text);
  return Json{{"state", call.target.mdns_state()}};
}

Answer mdns_state(Call& call) {
  call.reader().finish();
  return Json{{"state", call.target.mdns_state()}};
}

Answer trace_set(Call& call) {
  auto reader = call.reader();
  bool on = true;
  reader.require("enabled");
  reader.flag("enabled", on);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  call.target.set_tracing(on);
  return Json::object();
}

/// To a new file: what is there already stays.
Answer trace_save(Call& call) {
  auto reader = call.reader();
  const auto path = text_param(reader, "path");
  reader.finish();
  if (!call.error.empty()) return bad_params();
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wbx"), std::fclose);
  if (!file) return problem(path + ": cannot be made");
  const Bytes bytes = call.target.trace().pcapng();
  if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) return problem(path + ": write failed");
  return Json{{"packets", call.target.trace().pieces()}};
}

}  // namespace

const Methods& target_methods() {
  static const Methods kMethods{
      {"target.save", target_save},
      {"target.stats", target_stats},
      {"listener.add", listener_add},
      {"listener.remove", listener_remove},
      {"listener.list", listener_list},
      {"listener.set", listener_set},
      {"discovery.set", discovery_set},
      {"discovery.bump", discovery_bump},
      {"policy.set", policy_set},
      {"dim.list", dim_list},
      {"ana.set", ana_set},
      {"zone.set", zone_set},
      {"zone.remove", zone_remove},
      {"zone.list", zone_list},
      {"target.add", target_add},
      {"target.remove", target_remove},
      {"target.list", target_list},
      {"mdns.set", mdns_set},
      {"mdns.state", mdns_state},
      {"trace.set", trace_set},
      {"trace.save", trace_save},
  };
  return kMethods;
}

}  // namespace stas::target
