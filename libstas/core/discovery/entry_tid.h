// SPDX-License-Identifier: Apache-2.0
//
// Which controller an entry of a discovery log page means: its own address, and what it inherits from the discovery
// controller that lists it (compatibility contract 5.2, 6.3). Both daemons follow the same rules: stafd for referrals,
// stacd for I/O controllers.
#pragma once

#include <optional>

#include "libstas/core/discovery/log_page.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// nullopt: a transport that we do not handle.
std::optional<Tid> tid_of_entry(const Dlpe& entry, const Tid& dc, bool ignore_iface);

}  // namespace stas
