// SPDX-License-Identifier: Apache-2.0
//
// stacd --plan FILE: what a start with this file would connect and disconnect, from the state that stacd and stafd
// saved and from sysfs; neither need run. Changes nothing.
#pragma once

#include "libstas/sys/daemon/command_line.h"

namespace stas::stacd {

// Prints; the exit status, as that of stacctl plan.
int plan_offline(const DaemonOptions& options);

}  // namespace stas::stacd
