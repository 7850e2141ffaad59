// SPDX-License-Identifier: Apache-2.0
//
// What we tell the service manager (sd_notify(3)). Without one ($NOTIFY_SOCKET unset) nothing happens. The watchdog is
// fed by the loop (Loop::enable_watchdog). An error says that the manager did not hear it: it may wait for it in vain.
#pragma once

#include "libstas/core/base/result.h"

namespace stas {

// After start and after each reload.
Result<void> notify_ready();
Result<void> notify_reloading();
Result<void> notify_stopping();

}  // namespace stas
