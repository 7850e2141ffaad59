// SPDX-License-Identifier: Apache-2.0
//
// Methods about controllers, and injected faults.
#include "tests/target/control/rpc_call.h"

namespace stas::target {
namespace {

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
          {"commands", controller.counts.total()},
          {"by_opcode", describe(controller.counts)},
          {"bytes_in", controller.bytes_in},
          {"bytes_out", controller.bytes_out},
          {"errors", controller.errors.count()}};
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
  reader.number("status", fault.status, 0, 0x7FF);
  reader.number("retry_delay", fault.retry_delay, 0, 3);
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

}  // namespace

const Methods& controller_methods() {
  static const Methods kMethods{
      {"controllers.list", controllers_list}, {"controller.fail", controller_fail}, {"fault.add", fault_add},
      {"fault.clear", fault_clear},           {"fault.list", fault_list},
  };
  return kMethods;
}

}  // namespace stas::target
