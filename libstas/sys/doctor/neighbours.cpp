// SPDX-License-Identifier: Apache-2.0
//
// Who else is here: processes, units that are enabled, udev rules.
#include <algorithm>
#include <cctype>
#include <set>

#include "libstas/core/base/text.h"
#include "libstas/sys/daemon/udev_rules.h"
#include "libstas/sys/doctor/tree.h"

namespace stas::doctor {

namespace {

constexpr std::size_t kMaxCommand = 4096;

void collect_processes(const Tree& tree, Facts& facts) {
  for (const auto& name : tree.names("/proc", kMaxProcesses)) {
    if (name.empty() || name.size() > 9 ||
        !std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; }))
      continue;
    Process process{std::stoi(name), tree.line("/proc/" + name + "/comm"), tree.text("/proc/" + name + "/cmdline")};
    if (process.name.empty()) continue;  // gone
    process.command.resize(std::min(process.command.size(), kMaxCommand));
    std::replace(process.command.begin(), process.command.end(), '\0', ' ');
    facts.processes.push_back(std::move(process));
  }
  facts.processes_known = !facts.processes.empty();
}

// Lines that are not comments.
bool says_something(const std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto line = trimmed(std::string_view(text).substr(begin, end - begin));
    if (!line.empty() && line.front() != '#') return true;
    begin = end + 1;
  }
  return false;
}

bool is_enabled(const Tree& tree, const std::string& unit) {
  for (const char* target : {"default", "multi-user", "remote-fs", "remote-fs-pre", "network-online", "sysinit"})
    if (tree.exists("/etc/systemd/system/" + std::string(target) + ".target.wants/" + unit)) return true;
  return false;
}

UdevOverrideOwner override_owner(const Tree& tree) {
  const std::string path = "/run/udev/rules.d/" + std::string(kUdevRulesName);
  if (!tree.exists(path)) return UdevOverrideOwner::nobody;
  const auto text = tree.text(path);
  if (text.starts_with(kUdevOverrideMarker)) return UdevOverrideOwner::stacd;
  return is_override_of_2_4_1(text) ? UdevOverrideOwner::stafd_of_2_4_1 : UdevOverrideOwner::somebody;
}

// A rule that runs nvme-cli or its units. Comments do not count.
bool starts_connections(const std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto line = trimmed(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
    if (line.empty() || line.front() == '#' || line.find("RUN") == std::string_view::npos) continue;
    for (const char* what : {"nvme connect", "connect-all", "connect-nbft", "nvmf-connect", "nvmf-autoconnect"})
      if (line.find(what) != std::string_view::npos) return true;
  }
  return false;
}

void collect_rules(const Tree& tree, Facts& facts) {
  const UdevPaths udev;
  const std::string name(kUdevRulesName);
  facts.udev_override = override_owner(tree);
  facts.udev_rules_by_administrator = says_something(tree.text(udev.etc + "/" + name));
  facts.udev_rules_installed = std::any_of(udev.vendor.begin(), udev.vendor.end(),
                                           [&](const auto& where) { return tree.exists(where + "/" + name); });
  auto directories = udev.vendor;
  directories.insert(directories.begin(), {udev.etc, udev.run});
  std::set<std::string> seen;  // a file of a stronger directory masks those of its name
  for (const auto& directory : directories) {
    for (const auto& file : tree.names(directory, kMaxRuleFiles)) {
      if (file == name || !file.ends_with(".rules") || !seen.insert(file).second) continue;
      if (starts_connections(tree.text(directory + "/" + file))) facts.other_rules.push_back(directory + "/" + file);
    }
  }
}

}  // namespace

void collect_neighbours(const Tree& tree, Facts& facts) {
  collect_processes(tree, facts);
  facts.autoconnect_enabled = is_enabled(tree, "nvmf-autoconnect.service");
  facts.discovery_conf = says_something(tree.text("/etc/nvme/discovery.conf")) || tree.exists("/etc/nvme/config.json");
  collect_rules(tree, facts);
}

}  // namespace stas::doctor
