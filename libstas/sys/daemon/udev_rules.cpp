// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/udev_rules.h"

#include <cerrno>
#include <optional>
#include <system_error>

#include <sys/stat.h>

#include "libstas/sys/os/files.h"

namespace stas {

namespace {

constexpr mode_t kWorldReadable = 0644;
constexpr mode_t kWorldSearchable = 0755;  // as udevd makes its directories; the umask of our unit would make it 0700

// The override of 2.4.1 without white space and continued lines, before and after the path of systemctl.
constexpr std::string_view kOldHead = R"(ACTION=="change",SUBSYSTEM=="fc",ENV{FC_EVENT}=="nvmediscovery",)"
                                      R"(ENV{NVMEFC_HOST_TRADDR}=="*",ENV{NVMEFC_TRADDR}=="*",RUN+=")";
constexpr std::string_view kOldTail =
    R"(--no-blockrestartnvmf-connect@--device\x3dnone\x09--transport\x3dfc\x09--traddr\x3d$env{NVMEFC_TRADDR})"
    R"(\x09--trsvcid\x3dnone\x09--host-traddr\x3d$env{NVMEFC_HOST_TRADDR}.service")";

std::string in(const std::string& directory) { return directory + "/" + std::string(kUdevRulesName); }

// Also true for a dangling symbolic link: somebody put it there.
bool exists(const std::string& path) {
  struct stat st {};
  return lstat(path.c_str(), &st) == 0;
}

bool is_ours(std::string_view content) {
  return content.starts_with(kUdevOverrideMarker) || is_override_of_2_4_1(content);
}

// The rules that would be in force without our override; nullopt: not installed.
Result<std::optional<std::string>> installed_rules(const UdevPaths& paths) {
  for (const auto& directory : paths.vendor) {
    const auto path = in(directory);
    if (!exists(path)) continue;
    auto content = read_file_bounded(path, kMaxUdevRules);
    if (!content) return tl::unexpected(content.error());
    return std::optional<std::string>(std::move(*content));
  }
  return std::optional<std::string>();
}

// With its parents. What is there already keeps its mode.
Result<void> make_directory(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    const bool made = mkdir(part.c_str(), kWorldSearchable) == 0;
    if ((!made && errno != EEXIST) || (made && chmod(part.c_str(), kWorldSearchable) != 0))
      return fail(ErrorKind::io, part + ": " + std::generic_category().message(errno), errno);
    if (end == std::string::npos) return {};
  }
}

}  // namespace

bool is_override_of_2_4_1(std::string_view content) {
  std::string dense;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (content.substr(i).starts_with("\\\n")) continue;  // the newline goes with the next one
    if (std::string_view(" \t\n").find(content[i]) == std::string_view::npos) dense += content[i];
  }
  if (!dense.starts_with(kOldHead) || !dense.ends_with(kOldTail)) return false;
  if (dense.size() < kOldHead.size() + kOldTail.size()) return false;
  const auto systemctl = std::string_view(dense).substr(kOldHead.size());
  return systemctl.find('"') == systemctl.size() - 1;
}

std::string udev_rules_without_tcp(std::string_view installed) {
  std::string rules(kUdevOverrideMarker);
  rules +=
      "\n# The installed rules follow, for all transports but TCP: stafd and stacd see to that one.\n"
      "ACTION==\"change\", SUBSYSTEM==\"nvme\", ENV{NVME_TRTYPE}==\"tcp\", GOTO=\"stas_no_tcp\"\n\n";
  rules += installed;
  // A last line without its end would swallow ours; one that is continued ("\") at the end of the file as well.
  while (!rules.empty() && (rules.back() == '\\' || rules.back() == '\n')) rules.pop_back();
  rules += "\n\nLABEL=\"stas_no_tcp\"\n";
  return rules;
}

Result<UdevOverride> install_udev_override(const UdevPaths& paths) {
  if (exists(in(paths.etc))) {
    // It is stronger than anything in /run; a leftover of ours would only confuse.
    if (auto removed = remove_udev_override(paths); !removed) return tl::unexpected(removed.error());
    return UdevOverride::left_alone;
  }
  const auto path = in(paths.run);
  std::string present;
  if (exists(path)) {
    auto content = read_file_bounded(path, kMaxUdevRules);
    if (!content || !is_ours(*content)) return UdevOverride::left_alone;
    present = std::move(*content);
  }
  const auto installed = installed_rules(paths);
  if (!installed) return tl::unexpected(installed.error());
  if (!*installed) {
    if (auto removed = remove_udev_override(paths); !removed) return tl::unexpected(removed.error());
    return UdevOverride::not_needed;
  }
  const auto wanted = udev_rules_without_tcp(**installed);
  if (present == wanted) return UdevOverride::installed;
  if (auto made = make_directory(paths.run); !made) return tl::unexpected(made.error());
  if (auto written = write_file_atomic(path, wanted, kWorldReadable); !written) {
    return tl::unexpected(written.error());
  }
  return UdevOverride::installed;
}

Result<void> remove_udev_override(const UdevPaths& paths) {
  const auto path = in(paths.run);
  if (!exists(path)) return {};
  const auto content = read_file_bounded(path, kMaxUdevRules);
  if (!content || !is_ours(*content)) return {};
  return remove_file(path);
}

bool udev_override_in_force(const UdevPaths& paths) {
  if (exists(in(paths.etc))) return false;
  const auto content = read_file_bounded(in(paths.run), kMaxUdevRules);
  return content && is_ours(*content);
}

}  // namespace stas
