// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/ctl_client.h"

#include <cstdio>
#include <utility>

#include "libstas/tools/ctl_output.h"

namespace stas {

namespace {

constexpr Duration kCallTimeout = std::chrono::seconds(25);
constexpr int kExitFailure = 1;

BusArgs arguments(const TidTexts& tid) {
  BusArgs args;
  for (const auto text : tid) args.emplace_back(std::string(text));
  return args;
}

int print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? 0 : kExitFailure;
}

int complain(const CtlDaemon& daemon) {
  std::fprintf(stderr, "Unable to communicate with %s over D-Bus. Is %s running?\n", daemon.prog.c_str(),
               daemon.prog.c_str());
  return kExitFailure;
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

Result<Json> CtlClient::dicts(const std::string& method, const BusArgs& args) {
  const auto reply = bus_.call({daemon_.name, daemon_.path, daemon_.name}, method, args, BusType::dicts);
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

int finish(const CliOutcome& outcome) {
  std::fputs(outcome.err.c_str(), stderr);
  const int printed = print(outcome.out);
  return outcome.exit_code != 0 ? outcome.exit_code : printed;
}

int finish(const CtlDaemon& daemon, const CliRun& run, const Result<Json>& document) {
  if (!document) return complain(daemon);
  return print(format_document(*document, output_format(run.value("output")).value_or(OutputFormat::pprint)));
}

int finish_tron(const CtlDaemon& daemon, const CliRun& run, const Result<bool>& tron) {
  if (!tron) return complain(daemon);
  if (run.value("output") == "json") return print(Json(Json::Object{{"tron", Json(*tron)}}).dump_pretty() + "\n");
  return print(*tron ? "tron = True\n" : "tron = False\n");
}

}  // namespace stas
