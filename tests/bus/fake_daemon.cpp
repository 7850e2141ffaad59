// SPDX-License-Identifier: Apache-2.0
#include "tests/bus/fake_daemon.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <utility>

#include "libstas/core/discovery/dlpe_text.h"
#include "tests/bus/private_bus.h"

namespace stas::test {

namespace {

constexpr std::array kTidKeys{"transport", "traddr", "trsvcid", "subsysnqn", "host-traddr", "host-iface", "host-nqn"};
constexpr std::size_t kPlainKeys = 8;  // a detailed dictionary starts with the keys of the plain one

TextDict to_dict(const Json& object, std::size_t keys = static_cast<std::size_t>(-1)) {
  TextDict dict;
  for (const auto& [key, value] : *object.as_object()) {
    if (dict.size() < keys) dict.emplace_back(key, *value.as_string());
  }
  return dict;
}

}  // namespace

std::vector<BusArg> tid_args() {
  std::vector<BusArg> args;
  for (const auto* name : {"transport", "traddr", "trsvcid", "subsysnqn", "host_traddr", "host_iface", "host_nqn"}) {
    args.push_back({BusType::text, name});
  }
  return args;
}

FakeDaemon::FakeDaemon(Kind kind, Json document)
    : kind_(kind),
      document_(std::move(document)),
      name_(kind == Kind::staf ? "org.nvmexpress.staf" : "org.nvmexpress.stac"),
      path_(kind == Kind::staf ? "/org/nvmexpress/staf" : "/org/nvmexpress/stac") {
  std::promise<void> ready;
  thread_ = std::thread([this, &ready] {
    Loop loop;
    auto bus = connect_bus(loop);
    if (!bus || !(*bus)->export_object(path_, interfaces()) || !take_name(loop, **bus, name_)) {
      std::fprintf(stderr, "fake daemon: cannot serve\n");
      std::abort();
    }
    loop_ = &loop;
    bus_ = bus->get();
    ready.set_value();
    loop.run();
  });
  ready.get_future().wait();
}

FakeDaemon::~FakeDaemon() {
  loop_->post([this] { loop_->quit(0); });
  thread_.join();
}

void FakeDaemon::emit(const std::string& signal, const std::vector<std::string>& args) {
  loop_->post([this, signal, args] { static_cast<void>(bus_->emit(path_, name_, signal, args)); });
}

BusDicts FakeDaemon::list_controllers(bool detailed) const {
  BusDicts list;
  for (const auto& item : *document_.find("controllers")->as_array()) {
    list.push_back(to_dict(*item.find("controller"), detailed ? static_cast<std::size_t>(-1) : kPlainKeys));
  }
  return list;
}

const Json* FakeDaemon::find(const BusArgs& tid) const {
  for (const auto& item : *document_.find("controllers")->as_array()) {
    bool equal = true;
    for (std::size_t i = 0; i < kTidKeys.size(); ++i) {
      equal = equal && *item.find("controller")->find(kTidKeys[i])->as_string() == std::get<std::string>(tid[i]);
    }
    if (equal) return &item;
  }
  return nullptr;
}

std::vector<BusInterface> FakeDaemon::interfaces() {
  BusInterface main;
  main.name = name_;
  main.methods.push_back(
      {"list_controllers",
       {{BusType::boolean, "detailed"}},
       {{BusType::dicts, "controller_list"}},
       [this](const BusArgs& args) -> Result<BusValue> { return list_controllers(std::get<bool>(args[0])); }});
  BusInterface debug;
  debug.name = name_ + ".debug";
  debug.methods.push_back(
      {"process_info", {}, {{BusType::text, "info_json"}}, [this](const BusArgs&) -> Result<BusValue> {
         return document_.find("process_info")->dump_python();
       }});
  debug.methods.push_back(
      {"controller_info", tid_args(), {{BusType::text, "info_json"}}, [this](const BusArgs& args) -> Result<BusValue> {
         const auto* item = find(args);
         return item == nullptr ? "{}" : item->find("controller")->dump_python();
       }});
  debug.properties.push_back({"tron", BusType::boolean, [this] { return BusValue(tron_.load()); },
                              [this](const BusValue& value) -> Result<void> {
                                tron_ = std::get<bool>(value);
                                return {};
                              }});
  debug.properties.push_back(
      {"log_level", BusType::text, [this] { return BusValue(std::string(tron_ ? "DEBUG" : "INFO")); }, {}});
  if (kind_ == Kind::stac) return {main, debug};

  main.methods.push_back(
      {"get_log_pages", tid_args(), {{BusType::dicts, "log_pages"}}, [this](const BusArgs& args) -> Result<BusValue> {
         BusDicts pages;
         if (const auto* item = find(args)) {
           for (const auto& page : *item->find("log-pages")->as_array()) {
             pages.push_back(to_dict(page));
           }
         }
         return pages;
       }});
  main.methods.push_back({"get_all_log_pages",
                          {{BusType::boolean, "detailed"}},
                          {{BusType::text, "log_pages_json"}},
                          [this](const BusArgs& args) -> Result<BusValue> {
                            const auto controllers = list_controllers(std::get<bool>(args[0]));
                            Json::Array list;
                            for (const auto& item : *document_.find("controllers")->as_array()) {
                              list.push_back(Json::Object{{"discovery-controller", to_json(controllers[list.size()])},
                                                          {"log-pages", *item.find("log-pages")}});
                            }
                            return Json(std::move(list)).dump_python();
                          }});
  auto signal_args = tid_args();
  signal_args.push_back({BusType::text, "device"});
  main.signals = {{"log_pages_changed", signal_args}, {"dc_removed", {}}};
  return {main, debug};
}

}  // namespace stas::test
