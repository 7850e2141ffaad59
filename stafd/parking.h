// SPDX-License-Identifier: Apache-2.0
//
// Discovery controllers that take no explicit persistent connection (EPCSD cleared; NVMe base spec 2.0, Discovery Log
// Page Entry, EFLAGS; TP 8013). Such a one is parked: its page is read, the connection is given back, and it is
// connected again from time to time to see whether the page has changed.
#pragma once

#include <string>

#include "libstas/core/discovery/entries.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// Does the page say so of the controller `tid` itself? Only its entry about itself counts, not those about its other
// ports (regressions 6). Where all flags of a page are clear and the controller does not even say what kind of
// discovery controller it is (`dctype`), it is from before these flags, and says nothing: the kernel's own target is of
// that kind, takes the connection, and tells changes over it.
bool takes_no_persistence(const Entries& page, const Tid& tid, const std::string& dctype);

}  // namespace stas
