// SPDX-License-Identifier: Apache-2.0
//
// /dev/nvme-fabrics: one write makes a connection, one read tells which controller it became. Both block in the kernel,
// behind a mutex that all writers of the machine share, so this is only called on a worker.
#pragma once

#include <string>
#include <string_view>

#include "libstas/core/base/result.h"
#include "libstas/core/brain/action.h"
#include "libstas/sys/fabric/kernel/kernel_options.h"
#include "libstas/sys/fabric/kernel/sysfs.h"

namespace stas {

// Read at each connect: it is cheap, and stays true when a module is reloaded. A kernel too old to tell (EINVAL) is
// judged by its release.
Result<SupportedOptions> read_supported_options(const KernelPaths& paths);

// What the release of the running kernel promises; for the time before the device was asked.
SupportedOptions options_of_running_kernel();

// "instance=3,cntlid=1\n" -> "nvme3"
Result<std::string> parse_fabrics_reply(std::string_view reply);

// Makes the connection; the name of the new controller.
Result<std::string> connect_controller(const KernelPaths& paths, const Connect& connect);

}  // namespace stas
