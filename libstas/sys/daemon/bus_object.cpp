// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/bus_object.h"

#include <iterator>
#include <utility>

#include "libstas/core/brain/view.h"

namespace stas {

std::vector<BusArg> id_args() {
  std::vector<BusArg> args;
  args.reserve(std::size(kTidFields));
  for (const auto& field : kTidFields) args.push_back({BusType::text, std::string(field.argument)});
  return args;
}

TidTexts texts_of(const BusArgs& args) {
  TidTexts texts;
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = std::get<std::string>(args.at(i));
  return texts;
}

BusInterface daemon_interface(std::string name, std::function<BusDicts(bool)> list_controllers) {
  BusInterface interface {
    std::move(name), {}, {}, {}
  };
  interface.methods.push_back({"list_controllers",
                               {{BusType::boolean, "detailed"}},
                               {{BusType::dicts, "controller_list"}},
                               [answer = std::move(list_controllers)](const BusArgs& args) -> Result<BusValue> {
                                 return BusValue(answer(std::get<bool>(args[0])));
                               }});
  return interface;
}

BusInterface debug_interface(std::string name, Journal& journal, std::function<std::string()> process_info,
                             std::function<std::string(const TidTexts&)> controller_info) {
  BusInterface interface {
    std::move(name), {}, {}, {}
  };
  interface.methods.push_back(
      {"process_info",
       {},
       {{BusType::text, "info_json"}},
       [answer = std::move(process_info)](const BusArgs&) -> Result<BusValue> { return BusValue(answer()); }});
  interface.methods.push_back({"controller_info",
                               id_args(),
                               {{BusType::text, "info_json"}},
                               [answer = std::move(controller_info)](const BusArgs& args) -> Result<BusValue> {
                                 return BusValue(answer(texts_of(args)));
                               }});
  interface.properties.push_back({"tron", BusType::boolean, [&journal] { return BusValue(journal.tron()); },
                                  [&journal](const BusValue& value) -> Result<void> {
                                    journal.set_tron(std::get<bool>(value));
                                    return {};
                                  }});
  interface.properties.push_back(
      {"log_level", BusType::text, [&journal] { return BusValue(std::string(journal.level_name())); }, {}});
  return interface;
}

Json process_head(const Shell& shell, const std::string& soak_timer) {
  const auto& host = shell.host();
  auto info = Json::object();
  info.add("tron", shell.journal().tron());
  info.add("log-level", shell.journal().level_name());
  info.add("hostnqn", host.nqn);
  info.add("hostid", host.id);
  info.add("hostkey", host.key.empty() ? Json(nullptr) : Json(Secret::kRedacted));
  info.add("symname", host.symname.empty() ? Json(nullptr) : Json(host.symname));
  info.add("last known config file", shell.state().path());
  info.add("config soak timer", soak_timer);
  info.add("kernel support.TP8013", bool_text(shell.fabric().supports_tp8013()));
  info.add("kernel support.host_iface", bool_text(shell.fabric().supports_host_iface()));
  info.add("terminator.audit timer", timer_text(std::chrono::seconds(30), kNever, Instant{}));
  return info;
}

}  // namespace stas
