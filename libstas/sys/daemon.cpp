// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <getopt.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libstas/core/sys_conf.h"
#include "libstas/sys/files.h"
#include "libstas/sys/kernel_fabric.h"
#include "libstas/sys/nvme_admin.h"
#include "libstas/sys/user_fabric.h"

namespace stas {

namespace {

constexpr std::size_t kMaxSmallFile = 64U << 10;

void print_usage(std::FILE* to, const std::string& program) {
  std::fprintf(to,
               "usage: %s [-h] [-f FILE] [-s] [--tron] [-v] [--fabric {kernel,user}]\n"
               "             [--sys-conf FILE] [--check FILE]\n",
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
      "  --check FILE          Check a configuration file, then exit\n",
      static_cast<int>(title.size()), title.data(), program.c_str(), program.c_str());
}

CommandLine bad_usage(const std::string& program, const std::string& message) {
  print_usage(stderr, program);
  std::fprintf(stderr, "%s: error: %s\n", program.c_str(), message.c_str());
  return {std::nullopt, 2};
}

enum LongOption : int { kTron = 256, kFabric, kSysConf, kCheck };

constexpr option kLongOptions[] = {
    {"help", no_argument, nullptr, 'h'},
    {"conf-file", required_argument, nullptr, 'f'},
    {"syslog", no_argument, nullptr, 's'},
    {"tron", no_argument, nullptr, kTron},
    {"version", no_argument, nullptr, 'v'},
    {"fabric", required_argument, nullptr, kFabric},
    {"sys-conf", required_argument, nullptr, kSysConf},
    {"check", required_argument, nullptr, kCheck},
    {nullptr, 0, nullptr, 0},
};

// "<ostype> <osrelease>[ <NAME>][ <VERSION_ID>]" (compatibility contract, appendix C).
std::string os_version() {
  utsname names{};
  std::string text = uname(&names) == 0 ? std::string(names.sysname) + ' ' + names.release : std::string("Linux");
  const auto release = read_file_bounded("/etc/os-release", kMaxSmallFile);
  if (!release) return text;
  for (const std::string key : {"\nNAME=", "\nVERSION_ID="}) {
    const std::string content = '\n' + *release;
    const auto at = content.find(key);
    if (at == std::string::npos) continue;
    auto value = content.substr(at + key.size(), content.find('\n', at + key.size()) - at - key.size());
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    text += ' ' + value;
  }
  return text;
}

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
        std::printf("stas %s\nlibnvme %s\n", STAS_VERSION, libnvme_version().c_str());
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
      case kFabric:
        if (std::strcmp(optarg, "user") == 0)
          options.fabric = FabricKind::user;
        else if (std::strcmp(optarg, "kernel") != 0)
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

Result<void> check_start(const DaemonOptions& options) {
  if (options.fabric == FabricKind::user) return {};
  if (geteuid() != 0)
    return fail(ErrorKind::permission, "Permission denied. You need root privileges to run " + options.program + ".",
                EPERM);
  struct stat st {};
  if (stat("/dev/nvme-fabrics", &st) != 0)
    return fail(ErrorKind::not_supported, "Fatal error: missing nvme-tcp kernel module", errno);
  return {};
}

std::optional<std::string> read_conf_text(const std::string& path, const Journal& journal) {
  auto text = read_file_bounded(path, kMaxConfigBytes);
  if (text) return std::move(*text);
  if (text.error().errnum == ENOENT) return std::string();  // no file: all defaults
  journal.error("Cannot read the configuration: " + text.error().text);
  return std::nullopt;
}

void log_complaints(const std::vector<Complaint>& complaints, const Journal& journal) {
  for (const auto& complaint : complaints) {
    const auto text = complaint.to_string();
    switch (complaint.severity) {
      case Severity::info:
        journal.info(text);
        break;
      case Severity::warning:
        journal.warning(text);
        break;
      case Severity::error:
        journal.error(text);
        break;
    }
  }
}

Result<std::shared_ptr<const HostIdentity>> load_host(const std::string& sys_conf, const Journal& journal) {
  auto text = read_conf_text(sys_conf, journal);
  auto parsed = parse_sys_conf(text.value_or(std::string()), sys_conf,
                               [](const std::string& path) { return read_file_bounded(path, kMaxSmallFile); });
  if (!parsed) return tl::unexpected(parsed.error());
  log_complaints(parsed->complaints, journal);
  auto host = std::move(parsed->host);
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) == 0) host.hostname = name;
  host.os_version = os_version();
  return std::make_shared<const HostIdentity>(std::move(host));
}

std::optional<std::string> read_checked(const std::string& path) {
  auto text = read_file_bounded(path, kMaxConfigBytes);
  if (text) return std::move(*text);
  std::fprintf(stderr, "%s\n", text.error().text.c_str());
  return std::nullopt;
}

int print_check(const std::string& path, const std::vector<Complaint>& complaints) {
  for (const auto& complaint : complaints) {
    const char* label = complaint.severity == Severity::error     ? "error"
                        : complaint.severity == Severity::warning ? "warning"
                                                                  : "info";
    std::printf("%s: %s\n", label, printable(complaint.to_string()).c_str());
  }
  if (complaints.empty()) std::printf("%s: no complaints\n", path.c_str());
  return complaints.empty() ? 0 : 1;
}

std::string last_known_path(std::string_view program) { return runtime_directory(program) + "/last-known-config.json"; }

std::string read_last_known(const std::string& path, const Journal& journal) {
  constexpr std::size_t kMaxLastKnown = 256U << 20;
  auto text = read_file_bounded(path, kMaxLastKnown);
  if (text) return std::move(*text);
  if (text.error().errnum != ENOENT) journal.error("Unable to read last known config: " + text.error().text);
  return {};
}

StateFile::StateFile(Loop& loop, std::string path, const Journal& journal, std::function<std::string()> text)
    : loop_(loop),
      path_(std::move(path)),
      journal_(journal),
      text_(std::move(text)),
      timer_(loop.timer([this] { save(); })) {}

void StateFile::changed() {
  if (std::exchange(waiting_, true)) return;
  timer_.arm(std::max(loop_.now() + kSoon, not_before_));
}

void StateFile::flush() {
  if (waiting_) save();
}

void StateFile::save() {
  waiting_ = false;
  timer_.disarm();
  not_before_ = loop_.now() + kSeldom;
  const auto written = write_file_atomic(path_, text_());
  if (!written) {
    const std::string message = "Unable to save last known config: " + written.error().text;
    failed_ ? journal_.debug(message) : journal_.error(message);
    failed_ = true;
  } else if (std::exchange(failed_, false)) {
    journal_.info("Last known config is saved again");
  }
}

std::unique_ptr<Fabric> make_fabric(FabricKind kind, Loop& loop, ControllerKind interest) {
  if (kind == FabricKind::user) return std::make_unique<UserFabric>(loop);
  return std::make_unique<KernelFabric>(loop, interest);
}

void tell_last(Actions& actions) {
  std::stable_partition(actions.begin(), actions.end(),
                        [](const Action& action) { return !std::holds_alternative<Report>(action); });
}

void log_report(const Journal& journal, const Report& report) {
  if (!journal.wants(report.level)) return;
  const std::string tid = report.tid ? report.tid->to_string() : std::string();
  journal.log(report.level, report.text,
              {{"STAS_TID", tid}, {"STAS_DEVICE", report.device}, {"STAS_REASON", to_text(report.reason)}});
}

}  // namespace stas
