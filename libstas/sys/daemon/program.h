// SPDX-License-Identifier: Apache-2.0
//
// main() of both daemons: the command line, --check, --plan, the checks before a start, then the daemon on its loop.
#pragma once

#include <cstdio>

#include <unistd.h>

#include "libstas/core/base/result.h"
#include "libstas/sys/daemon/command_line.h"
#include "libstas/sys/daemon/conf_file.h"
#include "libstas/sys/os/descriptors.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/one_job.h"

namespace stas {

// Root and /dev/nvme-fabrics, as far as the fabric needs them; an Error's text is the message of nvme-stas 2.4.1.
Result<void> check_start(const DaemonOptions& options);

// The exit status for a start that failed. The units know kStatusNotConfigured and do not start again for it: it is for
// what stays wrong until somebody edits a file. All else is 1, as ever, and may be over at the next start.
inline constexpr int kStatusNotConfigured = 78;  // EX_CONFIG of sysexits.h, "CONFIG" for systemd
int status_of(const Error& error);

// What is not needed from here on: privileges, and to be killed by a reader of our output that has gone. Before there
// are threads.
Result<void> settle_in();

// `Daemon` is made from a Loop& and the options; its start() logs what is wrong. `print_plan`: --plan. Returns the exit
// status.
template <class Daemon, class Config>
int run_program(int argc, char** argv, std::string_view program, std::string_view title,
                const ConfParser<Config>& parser, int (*print_plan)(const DaemonOptions&)) {
  const auto command = parse_command_line(argc, argv, program, title);
  if (!command.options) return command.status;
  if (command.options->check) return check_conf(*command.options->check, parser);
  if (command.options->plan) return print_plan(*command.options);
  if (const auto allowed = check_start(*command.options); !allowed) {
    std::fprintf(stderr, "%s\n", allowed.error().text.c_str());
    return 1;
  }
  raise_descriptor_limit();
  if (const auto settled = settle_in(); !settled) std::fprintf(stderr, "%s\n", settled.error().text.c_str());
  int status = 0;
  {
    Loop loop;
    Daemon daemon(loop, *command.options);
    const auto started = daemon.start();
    status = started ? loop.run() : status_of(started.error());
  }
  if (OneJob::left_behind()) _exit(status);
  return status;
}

}  // namespace stas
