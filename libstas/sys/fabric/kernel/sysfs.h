// SPDX-License-Identifier: Apache-2.0
//
// The kernel's NVMe controllers as sysfs shows them: read one, read all, delete one. Everything is read through the
// open directory of the controller, so that one Device always describes one bearer of the name, and the inode of that
// directory is its incarnation. Reading n controllers costs n times a dozen small reads (libnvme's scan is quadratic).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/identity/device.h"

namespace stas {

// Where the kernel is; tests point it at a tree of plain files.
struct KernelPaths {
  std::string sys = "/sys";
  std::string dev = "/dev";
  std::string proc = "/proc";
  std::string registry = "/run/nvme/registry";  // of nvme-cli 3
};

inline constexpr std::size_t kMaxAttribute = 4096;  // bytes of one sysfs attribute
inline constexpr std::size_t kMaxDevices = 65536;

// "nvme" and a number: a controller, not a namespace (nvme0n1), nor a subsystem.
bool is_controller_name(std::string_view name);

// Takes "traddr=..,trsvcid=..[,host_traddr=..][,host_iface=..][,src_addr=..]" apart.
void parse_address_attribute(std::string_view text, Device& device);

// Which kind of controllers the reader is about. Of one that is certainly of the other kind only what shows that is
// read: every attribute costs three system calls, and each daemon hears of the controllers of both.
using KindOfInterest = std::optional<ControllerKind>;

// not_found: no such controller. Attributes that cannot be read (yet) are empty.
Result<Device> read_device(const KernelPaths& paths, const std::string& name, KindOfInterest interest = {});

// What it does now, "live" for one; "" when that cannot be read.
std::string read_state(const KernelPaths& paths, const std::string& name);

// All controllers, by ascending number. A host without any NVMe driver has none; an unreadable sysfs is an error.
Result<std::vector<Device>> scan_devices(const KernelPaths& paths, KindOfInterest interest = {});

// Is the bearer of the name still the one meant? not_found otherwise (regressions 28).
Result<void> check_incarnation(const KernelPaths& paths, const DeviceRef& ref);

// Writes delete_controller of exactly this incarnation; blocks until the kernel is done. Never touches PCIe.
Result<void> delete_device(const KernelPaths& paths, const DeviceRef& ref);

}  // namespace stas
