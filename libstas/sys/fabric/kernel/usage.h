// SPDX-License-Identifier: Apache-2.0
//
// Does anybody use the namespaces that a controller carries? Asked of the kernel itself: a block device that is
// mounted (in whichever mount namespace), swapped on, or held by dm, md or LVM, also by way of a partition, cannot be
// opened exclusively. One open says it, and needs neither a walk through all processes nor the right to look into them.
// What holds it is looked up afterwards, for the message. A program that has a device open without claiming it (a
// virtual machine, a database) shows by its I/O: the counters are watched for a while. What does neither is not seen.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/identity/device.h"
#include "libstas/sys/fabric/kernel/sysfs.h"

namespace stas {

inline constexpr std::size_t kMaxInspectedNamespaces = 1024;  // of one controller; the kernel's own bound
inline constexpr std::size_t kMaxUsesNamed = 4;               // of more, the number

struct UsageProbe {
  // Opens a block device exclusively, and closes it: 0 or errno. Claims it for that moment, so it is for what is about
  // to go, or in use.
  std::function<int(const std::string& path)> claim;
  std::function<void()> watch;  // between two looks at the counters; blocks
};

// The real thing; watches for a second.
UsageProbe usage_probe();

// Blocks, and may hang with the device. An error: nobody can tell.
Result<Usage> read_usage(const KernelPaths& paths, const DeviceRef& ref, const UsageProbe& probe);

}  // namespace stas
