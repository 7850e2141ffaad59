// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/notify.h"

#include <ctime>
#include <string>

#include <systemd/sd-daemon.h>

namespace stas {

namespace {

// A manager that does not listen is no reason to fail.
void notify(const std::string& state) { (void)sd_notify(0, state.c_str()); }

}  // namespace

void notify_ready() { notify("READY=1"); }

void notify_reloading() {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  // Type=notify-reload wants to know when the reload began (systemd 253).
  const auto usec = static_cast<long long>(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1000;
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

void notify_stopping() { notify("STOPPING=1"); }

}  // namespace stas
