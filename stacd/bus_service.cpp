// SPDX-License-Identifier: Apache-2.0
#include "stacd/bus_service.h"

#include <utility>

#include "libstas/core/base/json.h"
#include "libstas/core/brain/view.h"
#include "libstas/sys/daemon/bus_object.h"
#include "libstas/sys/daemon/plan_method.h"
#include "stacd/explain.h"
#include "stacd/health.h"
#include "stacd/rehearsal.h"
#include "stacd/topology.h"

namespace stas::stacd {

namespace {

constexpr char kName[] = "org.nvmexpress.stac";
constexpr char kPath[] = "/org/nvmexpress/stac";
constexpr char kDebug[] = "org.nvmexpress.stac.debug";
constexpr char kDesired[] = "org.nvmexpress.stac.desired";

}  // namespace

void BusService::publish(Published done) {
  auto debug = debug_interface(
      kDebug, shell_.journal(), [this] { return process_info(); },
      [this](const TidTexts& id) { return controller_info(id); });
  if (auto exported = bus_.export_object(
          kPath, {daemon_interface(kName, [this](bool detailed) { return list_controllers(detailed); }), debug,
                  desired_interface()});
      !exported)
    return done(exported);
  name_ = bus_.request_name(kName, std::move(done));
}

// Ours alone: the table of what should be, seen from a side.
BusInterface BusService::desired_interface() {
  BusInterface interface {
    kDesired, {}, {}, {}
  };
  interface.methods.push_back(plan_method(shell_, [this](const Event& reload, const std::string& file) {
    const auto now = shell_.loop().now();
    const PlanFiles files{shell_.options().conf_file, file};
    return to_json(plan(connector_, std::get<StacdConfigured>(reload), files, now), now);
  }));
  interface.methods.push_back(
      {"explain",
       {{BusType::text, "question"}},
       {{BusType::text, "explanation_json"}},
       [this](const BusArgs& args) -> Result<BusValue> {
         const auto now = shell_.loop().now();
         const ConfigFiles files{shell_.options().conf_file, shell_.options().sys_conf};
         return BusValue(
             to_json(explain(connector_, std::get<std::string>(args.at(0)), files, now), now).dump_python());
       }});
  interface.methods.push_back(shell_.history().method());
  interface.methods.push_back(
      {"health", {}, {{BusType::text, "health_json"}}, [this](const BusArgs&) -> Result<BusValue> {
         return BusValue(to_json(health(connector_, shell_.loop().now())).dump_python());
       }});
  interface.methods.push_back(
      {"topology", {}, {{BusType::text, "topology_json"}}, [this](const BusArgs&) -> Result<BusValue> {
         return BusValue(topology(connector_, shell_.options().conf_file, shell_.loop().now()).dump_python());
       }});
  interface.methods.push_back({"release",
                               {{BusType::text, "subsysnqn"}},
                               {{BusType::text, "released_json"}},
                               [this](const BusArgs& args) -> Result<BusValue> {
                                 return BusValue(release(std::get<std::string>(args.at(0))).dump_python());
                               }});
  interface.methods.push_back({"list_controllers",
                               {{BusType::boolean, "detailed"}},
                               {{BusType::dicts, "controller_list"}},
                               [this](const BusArgs& args) -> Result<BusValue> {
                                 return BusValue(list_with_states(std::get<bool>(args.at(0))));
                               }});
  interface.signals.push_back({"changed", {}});
  return interface;
}

void BusService::tron_changed() { bus_.properties_changed(kPath, kDebug); }

void BusService::changed() {
  if (const auto sent = bus_.emit(kPath, kDesired, "changed", {}); !sent)
    shell_.journal().error("Cannot send changed: " + sent.error().text);
}

TextDict BusService::id_dict_of(const Ioc& ioc) const {
  const DeviceRef* device = connector_.device_of(ioc);
  return id_dict(ioc.tid, ioc.cfg, device != nullptr ? device->name : std::string());
}

TextDict BusService::info(const Ioc& ioc) const {
  auto dict = id_dict_of(ioc);
  dict.emplace_back("connect attempts", std::to_string(ioc.attempts));
  const bool waiting = !ioc.device && ioc.op == Ioc::Op::none && !ioc.alias_of && ioc.attempts > 0;
  dict.emplace_back("retry connect timer",
                    timer_text(ioc.backoff.interval(), waiting ? ioc.next_connect : kNever, shell_.loop().now()));
  if (ioc.op == Ioc::Op::connect) dict.emplace_back("connect operation", operation_text(ioc.op_failures, false));
  return dict;
}

TextDict BusService::details(const Ioc& ioc) const {
  auto dict = info(ioc);
  // Names that share a device show its state, whichever of them has it.
  const DeviceRef* device = connector_.device_of(ioc);
  append_attributes(dict, device != nullptr ? connector_.devices().find(*device) : nullptr, device != nullptr);
  dict.emplace_back("dlpe", dlpe_text(ioc.entry ? &*ioc.entry : nullptr));
  dict.emplace_back("dlpe.eflags.ncc", bool_text(ioc.entry && ioc.entry->ncc()));
  return dict;
}

BusDicts BusService::list_controllers(bool detailed) const {
  BusDicts list;
  for (const auto& ioc : connector_.controllers()) list.push_back(detailed ? details(ioc) : id_dict_of(ioc));
  return list;
}

// Of what is kept against the evidence. The daemon cuts it in this iteration of the loop.
Json BusService::release(const std::string& subsysnqn) {
  auto released = Json::array();
  for (const Ioc* ioc : connector_.kept_back(subsysnqn)) {
    auto one = Json::object();
    for (const auto& [key, value] : id_dict_of(*ioc)) one.add(key, value);
    const Row* row = connector_.table().find(ioc->tid);
    one.add("reason", row == nullptr ? std::string() : row->because);
    released.append(std::move(one));
  }
  shell_.handle(ReleaseOrdered{subsysnqn});
  auto json = Json::object();
  json.add("released", std::move(released));
  return json;
}

// What 2.4.1 has no key for: whether the connection works now, and what should be.
BusDicts BusService::list_with_states(bool detailed) const {
  BusDicts list = list_controllers(detailed);
  const Desired& table = connector_.table();
  std::size_t next = 0;
  for (const auto& ioc : connector_.controllers()) {
    const DeviceRef* ref = connector_.device_of(ioc);
    TextDict& dict = list[next++];
    dict.emplace_back("state", path_state(ref == nullptr ? nullptr : connector_.devices().find(*ref)));
    const Row* row = table.find(ioc.tid);
    dict.emplace_back("verdict", row == nullptr ? std::string_view() : to_text(row->standing));
  }
  return list;
}

std::string BusService::controller_info(const TidTexts& id) const {
  const auto* config = connector_.config();
  const auto tid = tid_of_args(id, config != nullptr && config->ignore_iface);
  const Ioc* ioc = tid ? connector_.find(*tid) : nullptr;
  return ioc == nullptr ? "{}" : to_json(info(*ioc)).dump_python();
}

std::string BusService::process_info() const {
  const auto now = shell_.loop().now();
  auto info = process_head(shell_, timer_text(connector_.timing().soak, connector_.soak_deadline(), now));
  for (const auto& ioc : connector_.controllers())
    if (ioc.op == Ioc::Op::disconnect)
      info.add("terminator.controller." + ioc.tid.to_string(), to_json(this->info(ioc)).dump_python());
  return info.dump_python();
}

}  // namespace stas::stacd
