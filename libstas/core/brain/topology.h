// SPDX-License-Identifier: Apache-2.0
//
// Parts of the document that shows which way leads where (org.nvmexpress.stac(5), topology), the same for both daemons.
#pragma once

#include <string>

#include "libstas/core/base/json.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/host.h"
#include "libstas/core/identity/tid.h"

namespace stas {

Json topology_host(const HostIdentity& host);
Json topology_interfaces(const Interfaces& interfaces);
// The name of messages and the seven fields: how a controller or a path begins.
Json topology_identity(const Tid& tid);

// The interface through which a connection goes, or would have to go; "" when any will do, or it cannot be told.
// `device`: nullptr without one.
std::string way_to(const Tid& tid, const Device* device, const Interfaces& interfaces);

}  // namespace stas
