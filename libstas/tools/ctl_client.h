// SPDX-License-Identifier: Apache-2.0
//
// A daemon as stafctl and stacctl see it: questions go out over the bus, documents come back. Only the members of the
// 2.x contract are used, so that it works with the old product's daemons too.
#pragma once

#include <string>

#include "libstas/core/base/json.h"
#include "libstas/core/base/result.h"
#include "libstas/core/identity/tid_fields.h"
#include "libstas/sys/bus/bus_client.h"

namespace stas {

struct CtlDaemon {
  std::string prog;  // "stafd"
  std::string name;  // bus name and interface, "org.nvmexpress.staf"
  std::string path;  // "/org/nvmexpress/staf"
};

class CtlClient {
 public:
  static Result<CtlClient> connect(const CtlDaemon& daemon);

  // Switches tracing and returns what it is then.
  Result<bool> tron(bool on);
  Result<Json> process_info();
  Result<Json> list_controllers(bool detailed);
  Result<Json> log_pages(const TidTexts& tid);
  Result<Json> all_log_pages(bool detailed);
  // What a reload would do. The files are read here, with the rights of the caller; "": the daemon's own.
  Result<Json> plan(const std::string& conf_file, const std::string& sys_conf);
  // Why a controller is connected or not; by NQN, transport ID, device or address.
  Result<Json> explain(const std::string& question);
  Result<Json> history(const std::string& question);  // "": of all
  // Are all paths there that should be?
  Result<Json> health();
  // Lets go of what is kept although it should be cut; who it was.
  Result<Json> release(const std::string& subsysnqn);
  // Which way leads where.
  Result<Json> topology();
  // list_controllers with the state of each connection; without it from a daemon that does not tell.
  Result<Json> list_states(bool detailed);
  // process_info with the details of all controllers, stafd's with their log pages.
  enum class LogPages { without, with };
  Result<Json> status(LogPages log_pages);

 private:
  CtlClient(CtlDaemon daemon, BusClient bus) : daemon_(std::move(daemon)), bus_(std::move(bus)) {}
  Result<Json> dicts(const std::string& method, const BusArgs& args, const std::string& suffix = {});
  Result<Json> document(const std::string& interface, const std::string& method, const BusArgs& args);
  Result<void> add_details(Json& controller, LogPages log_pages);

  CtlDaemon daemon_;
  BusClient bus_;
};

}  // namespace stas
