// SPDX-License-Identifier: Apache-2.0
//
// What we tell the service manager (sd_notify(3)). Without one ($NOTIFY_SOCKET unset) nothing happens. The watchdog is
// fed by the loop (Loop::enable_watchdog).
#pragma once

namespace stas {

// After start and after each reload.
void notify_ready();
void notify_reloading();
void notify_stopping();

}  // namespace stas
