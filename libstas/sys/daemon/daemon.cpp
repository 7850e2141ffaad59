// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/daemon.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libstas/core/base/unicode.h"
#include "libstas/core/config/ini.h"
#include "libstas/core/config/sys_conf.h"
#include "libstas/sys/fabric/kernel/kernel_fabric.h"
#include "libstas/sys/fabric/kernel/nvme_admin.h"
#include "libstas/sys/fabric/user/user_fabric.h"
#include "libstas/sys/os/files.h"

namespace stas {

namespace {

constexpr std::size_t kMaxSmallFile = 64U << 10;

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
