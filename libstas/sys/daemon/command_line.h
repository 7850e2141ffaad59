// SPDX-License-Identifier: Apache-2.0
//
// The command line of both daemons: stafd(8), stacd(8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
  std::optional<std::string> plan;   // --plan FILE: say what a start with it would do, exit
};

// Options, or the exit status when there is nothing left to do (--help, --version, a bad command line; the text was
// printed).
struct CommandLine {
  std::optional<DaemonOptions> options;
  int status = 0;
};
CommandLine parse_command_line(int argc, char** argv, std::string_view program, std::string_view title);

}  // namespace stas
