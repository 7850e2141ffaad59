// SPDX-License-Identifier: Apache-2.0
//
// The words for reasons. They follow "because": lower case, no full stop, the configuration's own terms.
#include "libstas/core/brain/reason.h"

namespace stas {

std::string_view to_text(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "";
    case Reason::configured:
      return "configured";
    case Reason::discovered:
      return "discovered by mDNS";
    case Reason::referral:
      return "referred to by a discovery controller";
    case Reason::listed:
      return "listed by a discovery controller";
    case Reason::last_known:
      return "known from before the restart";
    case Reason::not_configured:
      return "no longer configured";
    case Reason::not_listed:
      return "no longer listed by any discovery controller";
    case Reason::no_referral:
      return "no longer referred to";
    case Reason::persistence_over:
      return "silent for longer than zeroconf-connections-persistence";
    case Reason::excluded:
      return "excluded by an exclude= line";
    case Reason::family_disabled:
      return "address family disabled by ip-family=";
    case Reason::unusable:
      return "address or NQN unusable";
    case Reason::not_wanted:
      return "not wanted by anything";
    case Reason::dc_gone:
      return "its discovery controller was removed";
    case Reason::not_included:
      return "matches no include= line";
    case Reason::host_excluded:
      return "excluded by the host-wide exclusion list";
    case Reason::parked:
      return "it takes no persistent connections (EPCSD=0)";
    case Reason::stopping:
      return "stopping with persistent-connections=false";
  }
  return "";
}

}  // namespace stas
