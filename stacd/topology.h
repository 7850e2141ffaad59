// SPDX-License-Identifier: Apache-2.0
//
// Which way leads where: the host, its interfaces, the discovery controllers, the subsystems and the paths to them, as
// a document for the bus (org.nvmexpress.stac(5)). A view of the table, the pages and the devices. Pure.
#pragma once

#include <string>

#include "libstas/core/base/json.h"
#include "libstas/core/base/time.h"
#include "stacd/connector.h"

namespace stas {

// `conf_file`: what the configuration is called.
Json topology(const Connector& brain, const std::string& conf_file, Instant now);

}  // namespace stas
