// SPDX-License-Identifier: Apache-2.0
//
// stacd(8): the command line, then the daemon.
#include <cstdio>

#include "libstas/core/config/config.h"
#include "libstas/sys/daemon/daemon.h"
#include "stacd/daemon.h"

int main(int argc, char** argv) {
  auto command = stas::parse_command_line(argc, argv, "stacd", "STorage Appliance Connector (STAC)");
  if (!command.options) return command.status;
  const auto& options = *command.options;
  if (options.check) return stas::check_conf<stas::StacdConfig>(*options.check, stas::parse_stacd_conf);
  if (const auto allowed = stas::check_start(options); !allowed) {
    std::fprintf(stderr, "%s\n", allowed.error().text.c_str());
    return 1;
  }
  stas::Loop loop;
  stas::stacd::Daemon daemon(loop, options);
  if (!daemon.start()) return 1;
  return loop.run();
}
