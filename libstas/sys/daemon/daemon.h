// SPDX-License-Identifier: Apache-2.0
//
// What both daemons do around their brain and have in common as functions: command line, configuration files, host
// identity, state file, start-up checks. No base class: each daemon wires its own parts (stafd/daemon, stacd/daemon).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"
#include "libstas/core/config/config.h"
#include "libstas/core/identity/host.h"
#include "libstas/sys/daemon/command_line.h"
#include "libstas/sys/fabric/fabric.h"
#include "libstas/sys/os/journal.h"
#include "libstas/sys/os/loop.h"

namespace stas {

// Root and /dev/nvme-fabrics, as far as the fabric needs them; an Error's text is the message of nvme-stas 2.4.1.
Result<void> check_start(const DaemonOptions& options);

// The file as a value, complaints logged. A missing file means defaults. `broken` (Parsed) is passed on: at start the
// daemon goes on with what could be read, at reload it keeps the old configuration.
template <class T>
using ParseConf = Parsed<T> (*)(std::string_view text, std::string_view path);
// "" for a missing file; nullopt when it exists and cannot be read (logged).
std::optional<std::string> read_conf_text(const std::string& path, const Journal& journal);
void log_complaints(const std::vector<Complaint>& complaints, const Journal& journal);
template <class T>
Parsed<T> load_conf(const std::string& path, ParseConf<T> parse, const Journal& journal) {
  auto text = read_conf_text(path, journal);
  if (!text) return {T{}, {}, true};
  auto parsed = parse(*text, path);
  log_complaints(parsed.complaints, journal);
  return parsed;
}

// sys.conf and what it names, plus host name and operating system for DIM.
Result<std::shared_ptr<const HostIdentity>> load_host(const std::string& sys_conf, const Journal& journal);

// --check: prints each complaint, then a verdict. Exit status 0 when there is nothing to complain about, else 1.
std::optional<std::string> read_checked(const std::string& path);
int print_check(const std::string& path, const std::vector<Complaint>& complaints);
template <class T>
int check_conf(const std::string& path, ParseConf<T> parse) {
  auto text = read_checked(path);
  if (!text) return 1;
  return print_check(path, parse(*text, path).complaints);
}

// `interest`: the controllers that the daemon is about.
std::unique_ptr<Fabric> make_fabric(FabricKind kind, Loop& loop, ControllerKind interest);

// Moves the reports behind the orders, each in their order: the journal can wait, a controller should not.
void tell_last(Actions& actions);

// One Report of a brain as a journal line with its structured fields.
void log_report(const Journal& journal, const Report& report);

}  // namespace stas
