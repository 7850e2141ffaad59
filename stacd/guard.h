// SPDX-License-Identifier: Apache-2.0
//
// The last word before a connection is cut, and only to keep it (stacd.conf(5) disconnect-guard= and
// max-disconnects-per-minute=): the last live path to a namespace that is in use, and whatever would be cut beyond so
// many in a minute. A part of desired(): changes standings of rows from leaving to held, never the other way.
//
// The last path: no other live controller of the same subsystem stays, whatever its ANA state; that it still is live is
// looked at when the order is carried out, as the kernel sends no event for a lost connection. Where all that are left
// should go, each of them is the last one. What nobody can tell counts as in use (law 2).
#pragma once

#include <vector>

#include "stacd/facts.h"
#include "stacd/table.h"

namespace stas {

// `known`: one for each row, nullptr without one.
void guard(Desired& table, const std::vector<const Known*>& known, const Facts& facts, const EvidenceTiming& timing,
           Instant now);

}  // namespace stas
