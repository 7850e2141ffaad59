// SPDX-License-Identifier: Apache-2.0
//
// Why an action was ordered, or why it was not (law 8). The journal, the bus and the tools print the text; tests
// compare the value.
#pragma once

#include <cstdint>
#include <string_view>

namespace stas {

enum class Reason : std::uint8_t {
  none,
  // why a connection is wanted
  configured,  // a controller= line
  discovered,  // mDNS
  referral,    // listed by another discovery controller
  listed,      // a discovery log page lists it
  last_known,  // known from before the restart
  // why it is cut
  not_configured,    // its controller= line was removed
  not_listed,        // no discovery log page lists it any more
  no_referral,       // the referral to it is gone
  persistence_over,  // mDNS silent for longer than zeroconf-connections-persistence
  excluded,          // an exclude= rule
  family_disabled,   // ip-family=
  unusable,          // address or NQN cannot be used
  not_wanted,        // found by the audit, nothing wants it (all-connections-matching-disconnect-trtypes)
  dc_gone,           // the discovery controller that listed it was deliberately removed
  not_included,      // it was discovered, and no include= rule lets it in
  host_excluded,     // never cut for it: the host-wide exclusion list says that it must not be connected
  parked,            // it takes no persistent connections, and its page was read
  stopping,          // the daemon stops and persistent-connections=false
};

std::string_view to_text(Reason reason);

}  // namespace stas
