// SPDX-License-Identifier: Apache-2.0
//
// stafd --plan FILE: what a start with this file would connect and disconnect, from the state that stafd saved and from
// sysfs; it need not run. What mDNS would find is not foretold. Changes nothing.
#pragma once

#include "libstas/sys/daemon/command_line.h"

namespace stas::stafd {

// Prints; the exit status, as that of stafctl plan.
int plan_offline(const DaemonOptions& options);

}  // namespace stas::stafd
