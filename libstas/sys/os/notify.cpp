// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/notify.h"

#include <ctime>
#include <string>
#include <system_error>

#include <systemd/sd-daemon.h>

namespace stas {

namespace {

Result<void> notify(const std::string& state) {
  const int result = sd_notify(0, state.c_str());
  if (result >= 0) return {};
  return fail(ErrorKind::io, "the service manager was not told " + state.substr(0, state.find('\n')) + ": " +
                                 std::generic_category().message(-result));
}

}  // namespace

Result<void> notify_ready() { return notify("READY=1"); }

Result<void> notify_reloading() {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  // Type=notify-reload wants to know when the reload began (systemd 253).
  const auto usec = static_cast<long long>(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1000;
  return notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

Result<void> notify_stopping() { return notify("STOPPING=1"); }

}  // namespace stas
