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

#include "libstas/core/config.h"
#include "libstas/core/host.h"
#include "libstas/core/result.h"
#include "libstas/sys/fabric.h"
#include "libstas/sys/journal.h"
#include "libstas/sys/loop.h"

namespace stas {

enum class FabricKind : std::uint8_t { kernel, user };

// stafd(8), stacd(8)
struct DaemonOptions {
  std::string program;  // "stafd" or "stacd"
  std::string conf_file;
  std::string sys_conf = "/etc/stas/sys.conf";
  bool syslog = false;
  bool tron = false;
  FabricKind fabric = FabricKind::kernel;
  std::optional<std::string> check;  // --check FILE: parse it, say what is wrong, exit
};

// Options, or the exit status when there is nothing left to do (--help, --version, a bad command line; the text was
// printed).
struct CommandLine {
  std::optional<DaemonOptions> options;
  int status = 0;
};
CommandLine parse_command_line(int argc, char** argv, std::string_view program, std::string_view title);

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

// Where the last known configuration of `program` is.
std::string last_known_path(std::string_view program);
// The saved text, "" if there is none or it cannot be read (logged).
std::string read_last_known(const std::string& path, const Journal& journal);
// The file of the last known configuration. What changes is written soon, but not more than twice a second: making and
// writing the text costs more the more there is. Logs the first failure of a series.
class StateFile {
 public:
  static constexpr Duration kSoon = std::chrono::milliseconds(100);
  static constexpr Duration kSeldom = std::chrono::milliseconds(500);

  StateFile(Loop& loop, std::string path, const Journal& journal, std::function<std::string()> text);
  const std::string& path() const { return path_; }
  void changed();
  void save();   // now
  void flush();  // what is waiting: for the end of the process

 private:
  Loop& loop_;
  std::string path_;
  const Journal& journal_;
  std::function<std::string()> text_;
  TimerSource timer_;
  bool waiting_ = false;
  Instant not_before_{};
  bool failed_ = false;
};

// `interest`: the controllers that the daemon is about.
std::unique_ptr<Fabric> make_fabric(FabricKind kind, Loop& loop, ControllerKind interest);

// Moves the reports behind the orders, each in their order: the journal can wait, a controller should not.
void tell_last(Actions& actions);

// One Report of a brain as a journal line with its structured fields.
void log_report(const Journal& journal, const Report& report);

}  // namespace stas
