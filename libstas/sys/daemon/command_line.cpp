// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/command_line.h"

#include <cstdio>
#include <cstring>

#include <getopt.h>

#include "libstas/core/base/version.h"
#include "libstas/sys/fabric/kernel/nvme_admin.h"

namespace stas {

namespace {

void print_usage(std::FILE* to, const std::string& program) {
  std::fprintf(to,
               "usage: %s [-h] [-f FILE] [-s] [--tron] [-v] [--fabric {kernel,user}]\n"
               "             [--sys-conf FILE] [--check FILE] [--plan FILE]\n",
               program.c_str());
}

void print_help(const std::string& program, std::string_view title) {
  print_usage(stdout, program);
  std::printf(
      "\n%.*s. Must be root to run this program, except with\n--fabric=user.\n\n"
      "options:\n"
      "  -h, --help            show this help message and exit\n"
      "  -f, --conf-file FILE  Configuration file (default: /etc/stas/%s.conf)\n"
      "  -s, --syslog          Send messages to syslog instead of stderr. Use this\n"
      "                        when running %s as a daemon. (default: False)\n"
      "  --tron                Trace ON. (default: False)\n"
      "  -v, --version         Print version, then exit\n"
      "  --fabric {kernel,user}\n"
      "                        How to connect: the kernel's NVMe host, or the\n"
      "                        built-in user-space NVMe/TCP host (default: kernel)\n"
      "  --sys-conf FILE       Host NQN, ID and key (default: /etc/stas/sys.conf)\n"
      "  --check FILE          Check a configuration file, then exit\n"
      "  --plan FILE           Show what a start with this configuration would\n"
      "                        connect and disconnect, then exit\n",
      static_cast<int>(title.size()), title.data(), program.c_str(), program.c_str());
}

CommandLine bad_usage(const std::string& program, const std::string& message) {
  print_usage(stderr, program);
  std::fprintf(stderr, "%s: error: %s\n", program.c_str(), message.c_str());
  return {std::nullopt, 2};
}

enum LongOption : int { kTron = 256, kFabric, kSysConf, kCheck, kPlan };

constexpr option kLongOptions[] = {
    {"help", no_argument, nullptr, 'h'},
    {"conf-file", required_argument, nullptr, 'f'},
    {"syslog", no_argument, nullptr, 's'},
    {"tron", no_argument, nullptr, kTron},
    {"version", no_argument, nullptr, 'v'},
    {"fabric", required_argument, nullptr, kFabric},
    {"sys-conf", required_argument, nullptr, kSysConf},
    {"check", required_argument, nullptr, kCheck},
    {"plan", required_argument, nullptr, kPlan},
    {nullptr, 0, nullptr, 0},
};

}  // namespace

CommandLine parse_command_line(int argc, char** argv, std::string_view program, std::string_view title) {
  DaemonOptions options;
  options.program = program;
  options.conf_file = "/etc/stas/" + options.program + ".conf";
  opterr = 0;
  optind = 1;
  for (int c = 0; (c = getopt_long(argc, argv, "hf:sv", kLongOptions, nullptr)) != -1;) {
    switch (c) {
      case 'h':
        print_help(options.program, title);
        return {std::nullopt, 0};
      case 'v':
        std::printf("%s\nlibnvme %s\n", kVersionLine, libnvme_version().c_str());
        return {std::nullopt, 0};
      case 'f':
        options.conf_file = optarg;
        break;
      case 's':
        options.syslog = true;
        break;
      case kTron:
        options.tron = true;
        break;
      case kSysConf:
        options.sys_conf = optarg;
        break;
      case kCheck:
        options.check = optarg;
        break;
      case kPlan:
        options.plan = optarg;
        break;
      case kFabric:
        if (std::strcmp(optarg, "user") == 0)
          options.fabric = FabricKind::user;
        else if (std::strcmp(optarg, "kernel") == 0)
          options.fabric = FabricKind::kernel;
        else
          return bad_usage(options.program, std::string("argument --fabric: invalid choice: '") + optarg +
                                                "' (choose from kernel, user)");
        break;
      default:
        return bad_usage(options.program, std::string("unrecognized arguments: ") + argv[optind - 1]);
    }
  }
  if (optind < argc) return bad_usage(options.program, std::string("unrecognized arguments: ") + argv[optind]);
  return {std::move(options), 0};
}

}  // namespace stas
