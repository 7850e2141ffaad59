// SPDX-License-Identifier: Apache-2.0
//
// udev-rule=disabled (stacd.conf, the default): nvme-cli's udev rules must not connect anything on TCP behind our back,
// but keep doing their work for RDMA and FC. A file of the same name in /run masks the installed one, so ours is a copy
// of it in which events of TCP controllers jump over everything. Our file carries a marker line and is only ever
// replaced or removed by us. So is the one that the stafd of nvme-stas 2.4.1 leaves when it dies, which masks
// everything and would stay until the machine is restarted. What an administrator put there, or into /etc, is left
// alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/result.h"

namespace stas {

inline constexpr std::string_view kUdevRulesName = "70-nvmf-autoconnect.rules";
inline constexpr std::string_view kUdevOverrideMarker =
    "# Written by stacd (udev-rule=disabled), removed when it stops.";
inline constexpr std::size_t kMaxUdevRules = 256U << 10;

// Is it what the stafd of nvme-stas 2.4.1 writes (compatibility contract 1.4)? It says so nowhere, but is one rule
// whose only variable part is the path of systemctl.
bool is_override_of_2_4_1(std::string_view content);

// Directories that udevd reads, the stronger ones first: etc, run, vendor.
struct UdevPaths {
  std::string etc = "/etc/udev/rules.d";
  std::string run = "/run/udev/rules.d";
  std::vector<std::string> vendor = {"/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"};
};

enum class UdevOverride {
  installed,   // our file is in place, new or already there
  left_alone,  // an administrator's file decides
  not_needed,  // nvme-cli's rules are not installed
};

// Pure: nvme-cli's rules without TCP, beginning with the marker.
std::string udev_rules_without_tcp(std::string_view installed);

// At start and at reload. A leftover of a crash is recognised by its marker and replaced. udevd notices within seconds,
// at once when it is reloaded.
Result<UdevOverride> install_udev_override(const UdevPaths& paths);

// At stop, and when udev-rule= becomes enabled. Removes our file, nothing else.
Result<void> remove_udev_override(const UdevPaths& paths);

// Is our file what udevd goes by?
bool udev_override_in_force(const UdevPaths& paths);

}  // namespace stas
