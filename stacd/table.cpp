// SPDX-License-Identifier: Apache-2.0
#include "stacd/table.h"

namespace stas {

std::string_view to_text(Standing standing) {
  switch (standing) {
    case Standing::wanted:
      return "wanted";
    case Standing::held:
      return "held";
    case Standing::leaving:
      return "leaving";
    case Standing::refused:
      return "refused";
    case Standing::foreign:
      return "foreign";
  }
  return "";
}

std::string why_it_stays(const Row& row) {
  if (row.boot) return "this host was booted from it";
  return row.owner.empty() ? "disconnect-scope says" : "it belongs to " + row.owner;
}

const Row* Desired::find(const Tid& tid) const {
  const auto it = by_tid.find(tid);
  return it == by_tid.end() ? nullptr : &rows[it->second];
}

}  // namespace stas
