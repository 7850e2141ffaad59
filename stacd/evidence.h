// SPDX-License-Identifier: Apache-2.0
//
// May a controller that no source names any more be given up? Law 2: only what positively says so counts; everything
// else holds, as narrowly as the doubt and with an end where it can have one.
#pragma once

#include <string>

#include "libstas/core/brain/reason.h"
#include "stacd/facts.h"

namespace stas {

struct Finding {
  bool gone = false;
  Reason reason = Reason::none;    // gone: the evidence
  Instant not_before = Instant{};  // gone: not before this time, whatever the soak
  std::string because;             // not gone: what is missing
  Instant until = kNever;          // not gone: the hold ends then at the latest
  bool ask_staf = false;           // not gone: stafd could tell
  bool passing = false;            // not gone: for a moment only, not worth telling
  Instant ask_at = kNever;         // not gone: stafd is to be asked again then
};

// What one discovery controller that once listed `known` says about it now.
Finding source_evidence(const Facts& facts, const EvidenceTiming& timing, const Known& known, const Tid& dc,
                        const std::string& origin);
// Is the controller= line that named `known` gone?
Finding line_evidence(const Facts& facts, const Tid& tid);

// One of ours that no source names. `unnamed_since`: since when.
Finding evidence(const Facts& facts, const EvidenceTiming& timing, const Known& known, Instant unnamed_since,
                 Instant now);
// Not gone: an unreadable place of the firmware's boot table may mean this connection, which is not ours.
Finding boot_evidence(const Facts& facts, const Tid& tid);
// A connection that is not ours (all-connections-matching-disconnect-trtypes).
Finding foreign_evidence(const Facts& facts, const EvidenceTiming& timing, const Tid& tid, Instant unnamed_since,
                         Instant now);

// The line of a configuration with a host name that has no address and could mean this controller, or nullptr.
const ControllerLine* unresolved_line_about(const Facts& facts, const Tid& tid);

}  // namespace stas
