// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/command_line.h"

#include <cstdio>
#include <utility>
#include <vector>

#include "libstas/core/base/version.h"
#include "libstas/sys/fabric/kernel/nvme_admin.h"
#include "libstas/sys/os/cli.h"

namespace stas {

namespace {

std::string help(const std::string& program, std::string_view title) {
  return "\n" + std::string(title) +
         ". Must be root to run this program, except with\n--fabric=user.\n\n"
         "options:\n"
         "  -h, --help            show this help message and exit\n"
         "  -f, --conf-file FILE  Configuration file (default: /etc/stas/" +
         program +
         ".conf)\n"
         "  -s, --syslog          Send messages to syslog instead of stderr. Use this\n"
         "                        when running " +
         program +
         " as a daemon. (default: False)\n"
         "  --tron                Trace ON. (default: False)\n"
         "  -v, --version         Print version, then exit\n"
         "  --fabric {kernel,user}\n"
         "                        How to connect: the kernel's NVMe host, or the\n"
         "                        built-in user-space NVMe/TCP host (default: kernel)\n"
         "  --sys-conf FILE       Host NQN, ID and key (default: /etc/stas/sys.conf)\n"
         "  --check FILE          Check a configuration file, then exit\n"
         "  --plan FILE           Show what a start with this configuration would\n"
         "                        connect and disconnect, then exit\n"
         "\nExample: " +
         program + " --check /etc/stas/" + program + ".conf\nManual: " + program + "(8), " + program + ".conf(5)\n";
}

CliSpec specification(const std::string& program, std::string_view title) {
  CliSpec spec;
  spec.prog = program;
  spec.version = std::string(kVersionLine) + "\nlibnvme " + libnvme_version();
  spec.usage = "usage: " + program +
               " [-h] [-f FILE] [-s] [--tron] [-v] [--fabric {kernel,user}]\n"
               "             [--sys-conf FILE] [--check FILE] [--plan FILE]\n";
  spec.help = help(program, title);
  spec.options = {{'f', "conf-file", true, {}, false},    {'s', "syslog", false, {}, false},
                  {0, "tron", false, {}, false},          {0, "fabric", true, {"kernel", "user"}, false, true},
                  {0, "sys-conf", true, {}, false, true}, {0, "check", true, {}, false, true},
                  {0, "plan", true, {}, false, true}};
  return spec;
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv, std::string_view program, std::string_view title) {
  DaemonOptions options;
  options.program = program;
  const auto outcome =
      parse_command_line(specification(options.program, title), std::vector<std::string>(argv + 1, argv + argc));
  if (outcome.done) {
    std::fputs(outcome.err.c_str(), stderr);
    std::fputs(outcome.out.c_str(), stdout);
    return {std::nullopt, outcome.exit_code};
  }
  const CliRun& run = outcome.run;
  options.conf_file = run.value("conf-file", "/etc/stas/" + options.program + ".conf");
  options.sys_conf = run.value("sys-conf", options.sys_conf);
  options.syslog = run.has("syslog");
  options.tron = run.has("tron");
  if (run.value("fabric") == "user") options.fabric = FabricKind::user;
  if (run.has("check")) options.check = run.value("check");
  if (run.has("plan")) options.plan = run.value("plan");
  return {std::move(options), 0};
}

}  // namespace stas
