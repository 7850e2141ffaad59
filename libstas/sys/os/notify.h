// SPDX-License-Identifier: Apache-2.0
//
// What we tell the service manager (sd_notify(3)). Without one ($NOTIFY_SOCKET unset) nothing happens. The watchdog is
// fed by the loop (Loop::enable_watchdog).
#pragma once

#include <string_view>

namespace stas {

// After start and after each reload.
void notify_ready();
void notify_reloading();
void notify_stopping();
// One line for `systemctl status`; control characters are replaced.
void notify_status(std::string_view text);

}  // namespace stas
