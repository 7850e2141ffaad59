// SPDX-License-Identifier: Apache-2.0
//
// From stafd's brain to what stacd's brain hears of it: what the bus service of one and the client of the other make of
// it. The only place of the model that looks into the daemons.
#pragma once

#include <string>

#include "libstas/core/brain/event.h"
#include "stafd/finder.h"

namespace stas::model {

// `legacy`: as nvme-stas 2.4.1 answers, which says less.
StafPages pages_of(const Finder& finder, bool legacy);
// What of it stafd signals when it changes: the pages, and whether it is settled.
std::string text_of(const StafPages& pages);

}  // namespace stas::model
