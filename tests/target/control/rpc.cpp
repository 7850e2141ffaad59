// SPDX-License-Identifier: Apache-2.0
//
// Methods of the control interface. Each takes its parameters strictly: an unknown one is an error with its path.
#include "tests/target/control/rpc.h"

#include <algorithm>
#include <map>

#include "tests/target/control/json_model.h"
#include "tests/target/core/dim.h"
#include "tests/target/target.h"

namespace stas::target {
namespace {

constexpr int kParseError = -32700, kInvalidRequest = -32600, kNoMethod = -32601, kInvalidParams = -32602,
              kRefused = -32000;

/// Parameters of one call; collects the first complaint about them.
struct Call {
  Target& target;
  const Json& params;
  std::string error{};  ///< of the parameters

  [[nodiscard]] ObjectReader reader() { return {params, "$.params", error}; }
  [[nodiscard]] Engine& engine() const { return target.engine(); }
};

using Answer = Result<Json>;
using Method = Answer (*)(Call&);

/// What every change answers: the new generation.
Answer changed(const Call& call) { return Json{{"genctr", call.engine().model().genctr}}; }

Answer changed(const Call& call, const Result<void>& done) {
  if (!done) return problem(done.error().text);
  return changed(call);
}

/// An answer that nobody sees because `call.error` wins.
Answer bad_params() { return problem("parameters"); }

std::string text_param(ObjectReader& reader, const char* key) {
  std::string value;
  reader.require(key);
  reader.text(key, value);
  return value;
}

template <typename T>
T number_param(ObjectReader& reader, const char* key, std::uint64_t most) {
  T value = 0;
  reader.require(key);
  reader.number(key, value, 0, most);
  return value;
}

Answer target_save(Call& call) {
  call.reader().finish();
  return write_json(call.engine().save());
}

Json by_code(const std::map<std::uint8_t, std::uint64_t>& counts) {
  Json out = Json::object();
  for (const auto& [code, count] : counts) out["0x" + hex_text(View(&code, 1))] = count;
  return out;
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
        {"bytes_out", s.bytes_out}}},
      {"controllers", call.engine().controllers().size()},
      {"connects", {{"admin", s.admin_connects}, {"io", s.io_connects}, {"refused", s.refused_connects}}},
      {"commands",
       {{"admin", by_code(s.admin_commands)},
        {"io", by_code(s.io_commands)},
        {"fabrics", by_code(s.fabrics_commands)}}},
      {"log_reads", by_code(s.log_reads)},
      {"dim",
       {{"register", s.dim_registered},
        {"deregister", s.dim_deregistered},
        {"update", s.dim_updated},
        {"refused", s.dim_refused}}},
      {"keep_alives", s.keep_alives},
      {"kato_expired", s.kato_expired},
      {"idle_expired", s.idle_expired},
      {"aens", s.aens},
  };
}

Json describe(const Listener& listener) { return write_json(listener.config); }

Answer listener_add(Call& call) {
  ListenerConfig config;
  read_object(call.params, "$.params", call.error, config);
  if (!call.error.empty()) return bad_params();
  const auto added = call.target.add_listener(config);
  if (!added) return problem(added.error().text);
  return describe(*added);
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
  for (const auto& [id, listener] : call.engine().model().listeners) out.push_back(describe(listener));
  return out;
}

Answer subsystem_add(Call& call) {
  SubsystemConfig config;
  read_object(call.params, "$.params", call.error, config);
  return call.error.empty() ? changed(call, call.engine().add_subsystem(config)) : bad_params();
}

Answer subsystem_remove(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().remove_subsystem(nqn)) : bad_params();
}

Answer subsystem_set(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  bool ncc = false;
  reader.require("ncc");
  reader.flag("ncc", ncc);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().set_ncc(nqn, ncc)) : bad_params();
}

Answer set_host(Call& call, bool allowed) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto host = text_param(reader, "host");
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().set_host(nqn, host, allowed)) : bad_params();
}

Answer host_allow(Call& call) { return set_host(call, true); }
Answer host_deny(Call& call) { return set_host(call, false); }

Answer namespace_add(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  reader.require("namespace");
  NamespaceConfig config;
  if (const Json* ns = reader.find("namespace")) read_object(*ns, "$.params.namespace", call.error, config);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  const auto nsid = call.engine().add_namespace(nqn, config);
  if (!nsid) return problem(nsid.error().text);
  return Json{{"nsid", *nsid}};
}

Answer namespace_remove(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto nsid = number_param<std::uint32_t>(reader, "nsid", 0xFFFFFFFF);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().remove_namespace(nqn, nsid)) : bad_params();
}

Answer referral_add(Call& call) {
  ReferralConfig config;
  read_object(call.params, "$.params", call.error, config);
  return call.error.empty() ? changed(call, call.engine().add_referral(config)) : bad_params();
}

Answer referral_remove(Call& call) {
  auto reader = call.reader();
  const auto traddr = text_param(reader, "traddr");
  std::string trsvcid;
  reader.text("trsvcid", trsvcid);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().remove_referral(traddr, trsvcid)) : bad_params();
}

Answer discovery_set(Call& call) {
  DiscoveryConfig config = call.engine().model().discovery;
  read_object(call.params, "$.params", call.error, config);
  return call.error.empty() ? changed(call, call.engine().set_discovery(config)) : bad_params();
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

Json describe(const Controller& controller) {
  Json queues = Json::array();
  for (const auto& [qid, queue] : controller.queues) queues.push_back(qid);
  return {{"subnqn", controller.subnqn},
          {"cntlid", controller.cntlid},
          {"kind", controller.is_discovery() ? "discovery" : "io"},
          {"hostnqn", controller.hostnqn},
          {"hostid", uuid_text(controller.hostid)},
          {"listener", controller.origin.listener},
          {"peer", controller.origin.peer_address},
          {"peer_port", controller.origin.peer_port},
          {"kato_ms", controller.kato_ms},
          {"ready", controller.properties.is_ready()},
          {"queues", queues},
          {"events_enabled", controller.events.enabled()},
          {"events_masked", controller.events.is_masked(Event::discovery_changed)},
          {"aers", controller.events.parked()},
          {"commands", controller.commands}};
}

Answer controllers_list(Call& call) {
  call.reader().finish();
  Json out = Json::array();
  for (const auto& [key, controller] : call.engine().controllers()) out.push_back(describe(*controller));
  return out;
}

Answer controller_fail(Call& call) {
  auto reader = call.reader();
  std::string subnqn;
  std::string hostnqn;
  std::uint16_t cntlid = 0;
  reader.text("subnqn", subnqn);
  reader.text("hostnqn", hostnqn);
  reader.number("cntlid", cntlid, 1, 0xFFEF);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  const auto hits = call.engine().fail_controllers([&](const Controller& controller) {
    return (subnqn.empty() || controller.subnqn == subnqn) && (hostnqn.empty() || controller.hostnqn == hostnqn) &&
           (cntlid == 0 || controller.cntlid == cntlid);
  });
  return Json{{"failed", hits}};
}

template <typename T>
void optional_number(ObjectReader& reader, const char* key, std::uint64_t most, std::optional<T>& out) {
  T value = 0;
  if (reader.find(key) == nullptr) return;
  reader.number(key, value, 0, most);
  out = value;
}

/// Words of I/O commands imply an I/O queue and words of admin commands the admin queue: opcodes alone are ambiguous.
void read_opcode(ObjectReader& reader, Fault& fault) {
  const Json* value = reader.find("opcode");
  if (value == nullptr) return;
  if (value->is_number_unsigned() && *value <= 0xFF) {
    fault.command = value->get<std::uint8_t>();
    return;
  }
  const std::string word = value->is_string() ? value->get<std::string>() : std::string();
  fault.command = command_name_from(word);
  if (!fault.command) return reader.fail("opcode", "is neither a number up to 255 nor the name of a command");
  if ((*fault.command & 0xFF) != opcode::kFabrics && !fault.io_queue) {
    fault.io_queue = word == "read" || word == "write" || word == "flush";
  }
}

Answer fault_add(Call& call) {
  auto reader = call.reader();
  Fault fault;
  const auto what = text_param(reader, "what");
  const auto kind = fault_kind_from(what);
  if (!kind) reader.fail("what", "is no fault this target knows");
  fault.kind = kind.value_or(FaultKind::close);
  if (reader.find("queue") != nullptr) {
    bool io = false;
    reader.choice("queue", io, {{"admin", false}, {"io", true}});
    fault.io_queue = io;
  }
  read_opcode(reader, fault);
  reader.number("count", fault.count, 0, 0xFFFFFFFF);
  reader.number("skip", fault.skip, 0, 0xFFFFFFFF);
  optional_number(reader, "listener", 0xFFFF, fault.listener);
  optional_number(reader, "lid", 0xFF, fault.lid);
  optional_number(reader, "delay_ms", 3600000, fault.delay_ms);
  if (reader.find("hostnqn") != nullptr) fault.hostnqn = text_param(reader, "hostnqn");
  reader.number("status", fault.status, 1, 0x7FF);
  reader.flag("dnr", fault.dnr);
  reader.number("result", fault.result, 0, 0xFFFFFFFF);
  reader.number("value", fault.value, 0, ~std::uint64_t{0});
  reader.finish();
  if (!call.error.empty()) return bad_params();
  return Json{{"id", call.engine().faults().add(fault)}};
}

Answer fault_clear(Call& call) {
  auto reader = call.reader();
  std::optional<std::uint64_t> id;
  optional_number(reader, "id", ~std::uint64_t{0}, id);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  if (!id) {
    call.engine().faults().clear_all();
  } else if (!call.engine().faults().clear(*id)) {
    return problem("no fault " + std::to_string(*id));
  }
  return Json::object();
}

Answer fault_list(Call& call) {
  call.reader().finish();
  Json out = Json::array();
  for (const auto& fault : call.engine().faults().all()) {
    out.push_back({{"id", fault.id},
                   {"what", to_string(fault.kind)},
                   {"count", fault.count},
                   {"skip", fault.skip},
                   {"struck", fault.struck}});
  }
  return out;
}

const std::map<std::string, Method, std::less<>>& methods() {
  static const std::map<std::string, Method, std::less<>> kMethods{
      {"target.save", target_save},
      {"target.stats", target_stats},
      {"listener.add", listener_add},
      {"listener.remove", listener_remove},
      {"listener.list", listener_list},
      {"subsystem.add", subsystem_add},
      {"subsystem.remove", subsystem_remove},
      {"subsystem.set", subsystem_set},
      {"host.allow", host_allow},
      {"host.deny", host_deny},
      {"namespace.add", namespace_add},
      {"namespace.remove", namespace_remove},
      {"referral.add", referral_add},
      {"referral.remove", referral_remove},
      {"discovery.set", discovery_set},
      {"discovery.bump", discovery_bump},
      {"dim.list", dim_list},
      {"controllers.list", controllers_list},
      {"controller.fail", controller_fail},
      {"fault.add", fault_add},
      {"fault.clear", fault_clear},
      {"fault.list", fault_list},
  };
  return kMethods;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string error_response(const Json& id, int code, const std::string& message) {
  return dump({{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}});
}

std::string dispatch(Target& target, const Json& request) {
  const Json id = request.contains("id") ? request["id"] : Json();
  const auto name = request.find("method");
  const bool proper = request.value("jsonrpc", Json()) == "2.0" && name != request.end() && name->is_string() &&
                      (id.is_null() || id.is_string() || id.is_number());
  if (!proper) return error_response(nullptr, kInvalidRequest, "this is no JSON-RPC 2.0 request");
  const auto method = methods().find(name->get<std::string>());
  if (method == methods().end()) return error_response(id, kNoMethod, "no method " + name->get<std::string>());
  const Json params = request.contains("params") ? request["params"] : Json::object();
  Call call{target, params};
  if (!params.is_object()) return error_response(id, kInvalidParams, "$.params: is not an object");
  const Answer answer = method->second(call);
  if (!call.error.empty()) return error_response(id, kInvalidParams, call.error);
  if (!answer) return error_response(id, kRefused, answer.error().text);
  if (!request.contains("id")) return {};
  return dump({{"jsonrpc", "2.0"}, {"id", id}, {"result", *answer}});
}

}  // namespace

std::string handle_rpc(Target& target, std::string_view request) {
  try {
    const Json parsed = Json::parse(request);
    if (!parsed.is_object()) return error_response(nullptr, kInvalidRequest, "this is no JSON-RPC 2.0 request");
    return dispatch(target, parsed);
  } catch (const nlohmann::json::exception& e) {
    return error_response(nullptr, kParseError, e.what());
  }
}

std::string describe_listeners(const Target& target) {
  std::string lines;
  for (const auto& [id, listener] : target.engine().model().listeners) {
    const Json full = describe(listener);
    Json line;
    for (const char* key : {"id", "transport", "traddr", "trsvcid", "discovery"}) {
      if (full.contains(key)) line[key] = full[key];
    }
    lines += dump({{"listener", line}}) + "\n";
  }
  return lines;
}

Result<std::string> rpc_result(std::string_view response) {
  const Json parsed = Json::parse(response, nullptr, false);
  if (!parsed.is_object()) return problem("no response");
  if (parsed.contains("error")) return problem(parsed["error"].value("message", "unknown error"));
  return dump(parsed.value("result", Json()));
}

}  // namespace stas::target
