// SPDX-License-Identifier: Apache-2.0
//
// Which way leads where, as far as stafd sees it: the host, its interfaces, the discovery controllers with their
// connections, and what their log pages list. A document for the bus (org.nvmexpress.staf(5)). Pure.
#pragma once

#include "libstas/core/base/json.h"
#include "stafd/finder.h"

namespace stas {

Json topology(const Finder& brain);

}  // namespace stas
