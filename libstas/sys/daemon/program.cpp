// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/program.h"

#include <cerrno>
#include <csignal>

#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libstas/sys/os/privileges.h"

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

int status_of(const Error& error) { return error.kind == ErrorKind::invalid_input ? kStatusNotConfigured : 1; }

// As hardening.inc of the units has it. And for who starts us by hand: reading files that are not root's, as a
// configuration file in somebody's home is.
Result<void> settle_in() {
  std::signal(SIGPIPE, SIG_IGN);
  return keep_only({CAP_SYS_ADMIN, CAP_NET_RAW, CAP_DAC_READ_SEARCH});
}

}  // namespace stas
