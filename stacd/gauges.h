// SPDX-License-Identifier: Apache-2.0
//
// How many paths each subsystem has and should have, as metrics. A view of the table; pure.
#pragma once

#include <cstddef>
#include <string>

#include "stacd/connector.h"

namespace stas {

// So many series are a bearable load for who collects them; beyond, subsystems are only counted.
inline constexpr std::size_t kMaxGaugedSubsystems = 1024;

// Appends stacd_paths_{desired,live,held,failing}{nqn="..."}, which join with node_nvmesubsystem_info of node_exporter.
// Several names of one connection are one path; a path that the kernel is reconnecting fails.
void print_gauges(const Connector& brain, std::string& out);
// "3 of 4 wanted paths live, 2 subsystems, 1 held"
std::string status_line(const Connector& brain);

}  // namespace stas
