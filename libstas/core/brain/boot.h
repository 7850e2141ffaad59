// SPDX-License-Identifier: Apache-2.0
//
// What the firmware booted from (core/discovery/nbft), as controller= lines that nobody wrote: so an exclude= line, a
// plan and an explanation treat them as those of a file (compatibility contract 2.9). What was booted from is never
// disconnected; ControllerLine::is_boot() says so to who decides.
#pragma once

#include <string>
#include <vector>

#include "libstas/core/config/config_values.h"
#include "libstas/core/discovery/nbft.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// What the tables say, as parts of a configuration.
struct BootEntries {
  std::vector<ControllerLine> lines;
  // What could not be read and may have been about an I/O controller; what was connected before us and may be meant is
  // not cut.
  std::vector<ConfigDoubt> doubts;
};

// Each once, numbered by its entry. discovery: the discovery controllers of the tables; io: the subsystems.
std::vector<ControllerLine> boot_lines(const std::vector<Nbft>& tables, ControllerKind kind,
                                       const Interfaces& interfaces);
// `path`: of the table.
std::vector<ConfigDoubt> boot_doubts(const Nbft& table, const std::string& path);
// In place of what the configuration has. What the file says of the same controller comes before what the firmware
// does.
void set_boot(CommonConfig& config, const BootEntries& entries);
// Does the line lead to it, by whatever interface and under whatever host NQN? Those are not always known for what the
// firmware or the initrd has connected.
bool leads_to(const ControllerLine& line, const Tid& tid);
// The interface that it is today: that with its MAC address. Where several have it (VLANs, bonds), the one that has its
// IP address; "" where that does not show.
std::string interface_now(const NbftInterface& interface, const Interfaces& interfaces);

}  // namespace stas
