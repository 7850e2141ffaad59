// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/ctl_client.h"

#include <utility>

#include "libstas/core/base/secret.h"
#include "libstas/sys/os/files.h"
#include "libstas/sys/os/memory_file.h"

namespace stas {

namespace {

constexpr Duration kCallTimeout = std::chrono::seconds(25);
constexpr std::size_t kMaxSentFile = 8U << 20;  // of a configuration; the daemon's own bound is lower, and it says so

BusArgs arguments(const TidTexts& tid) {
  BusArgs args;
  for (const auto text : tid) args.emplace_back(std::string(text));
  return args;
}

}  // namespace

Result<CtlClient> CtlClient::connect(const CtlDaemon& daemon) {
  auto bus = BusClient::system(kCallTimeout);
  if (!bus) return tl::unexpected(bus.error());
  return CtlClient(daemon, std::move(*bus));
}

Result<bool> CtlClient::tron(bool on) {
  const BusTarget debug{daemon_.name, daemon_.path, daemon_.name + ".debug"};
  if (const auto set = bus_.set_flag(debug, "tron", on); !set) return tl::unexpected(set.error());
  return bus_.get_flag(debug, "tron");
}

// `suffix`: what the interface is called beyond the name of the daemon.
Result<Json> CtlClient::dicts(const std::string& method, const BusArgs& args, const std::string& suffix) {
  const auto reply = bus_.call({daemon_.name, daemon_.path, daemon_.name + suffix}, method, args, BusType::dicts);
  if (!reply) return tl::unexpected(reply.error());
  Json::Array list;
  for (const auto& dict : std::get<BusDicts>(*reply)) list.push_back(to_json(dict));
  return Json(std::move(list));
}

Result<Json> CtlClient::document(const std::string& interface, const std::string& method, const BusArgs& args) {
  const auto reply = bus_.call({daemon_.name, daemon_.path, interface}, method, args, BusType::text);
  if (!reply) return tl::unexpected(reply.error());
  return Json::parse(std::get<std::string>(*reply));
}

Result<Json> CtlClient::process_info() { return document(daemon_.name + ".debug", "process_info", {}); }

Result<Json> CtlClient::list_controllers(bool detailed) { return dicts("list_controllers", {detailed}); }

Result<Json> CtlClient::log_pages(const TidTexts& tid) { return dicts("get_log_pages", arguments(tid)); }

Result<Json> CtlClient::all_log_pages(bool detailed) { return document(daemon_.name, "get_all_log_pages", {detailed}); }

Result<Json> CtlClient::plan(const std::string& conf_file, const std::string& sys_conf) {
  BusArgs args;
  for (const auto& path : {conf_file, sys_conf}) {
    auto text = path.empty() ? Result<std::string>() : read_regular_file(path, kMaxSentFile);
    if (!text) return tl::unexpected(text.error());
    auto file = make_memory_file(*text);
    wipe(*text);
    if (!file) return tl::unexpected(file.error());
    args.emplace_back(path);
    args.emplace_back(std::make_shared<const UniqueFd>(*std::move(file)));
  }
  return document(daemon_.name + ".desired", "plan", args);
}

Result<Json> CtlClient::explain(const std::string& question) {
  return document(daemon_.name + ".desired", "explain", {question});
}

Result<Json> CtlClient::history(const std::string& question) {
  return document(daemon_.name + ".desired", "history", {question});
}

Result<Json> CtlClient::health() { return document(daemon_.name + ".desired", "health", {}); }

Result<Json> CtlClient::release(const std::string& subsysnqn) {
  return document(daemon_.name + ".desired", "release", {subsysnqn});
}

Result<Json> CtlClient::topology() { return document(daemon_.name + ".desired", "topology", {}); }

Result<Json> CtlClient::list_states(bool detailed) {
  auto list = dicts("list_controllers", {detailed}, ".desired");
  return list ? std::move(list) : list_controllers(detailed);
}

Result<void> CtlClient::add_details(Json& controller, LogPages log_pages) {
  const auto tid = tid_texts(controller);
  if (!tid) return tl::unexpected(tid.error());
  const auto args = arguments(*tid);
  if (log_pages == LogPages::with) {
    auto pages = dicts("get_log_pages", args);
    if (!pages) return tl::unexpected(pages.error());
    controller.set("log_pages", std::move(*pages));
  }
  const auto info = document(daemon_.name + ".debug", "controller_info", args);
  if (!info) return tl::unexpected(info.error());
  if (const auto* members = info->as_object()) {
    for (const auto& [key, value] : *members) controller.set(key, value);
  }
  return {};
}

Result<Json> CtlClient::status(LogPages log_pages) {
  auto info = process_info();
  if (!info) return info;
  if (info->as_object() == nullptr) return fail(ErrorKind::protocol, daemon_.name + ": process_info is no object");
  const auto controllers = list_controllers(true);
  if (!controllers) return controllers;
  Json::Array list = *controllers->as_array();
  for (auto& controller : list) {
    if (const auto added = add_details(controller, log_pages); !added) return tl::unexpected(added.error());
  }
  info->set("controllers", std::move(list));
  return info;
}

}  // namespace stas
