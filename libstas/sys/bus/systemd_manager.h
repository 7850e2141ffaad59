// SPDX-License-Identifier: Apache-2.0
//
// Where systemd's manager is on the bus (org.freedesktop.systemd1(5)).
#pragma once

#include "libstas/sys/bus/bus.h"

namespace stas {

inline BusTarget systemd_manager() {
  return {"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"};
}

}  // namespace stas
