// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/program.h"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace stas {

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

}  // namespace stas
