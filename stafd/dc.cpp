// SPDX-License-Identifier: Apache-2.0
#include "stafd/dc.h"

namespace stas {

std::string_view to_text(Origin origin) {
  switch (origin) {
    case Origin::configured:
      return "configured";
    case Origin::referral:
      return "referral";
    case Origin::discovered:
      return "discovered";
    case Origin::other:
      return "";
  }
  return "";
}

std::string_view to_text(DcStanding standing) {
  switch (standing) {
    case DcStanding::wanted:
      return "wanted";
    case DcStanding::held:
      return "held";
    case DcStanding::leaving:
      return "leaving";
    case DcStanding::refused:
      return "refused";
  }
  return "";
}

}  // namespace stas
