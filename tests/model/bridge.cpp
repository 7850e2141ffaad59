// SPDX-License-Identifier: Apache-2.0
#include "tests/model/bridge.h"

#include <set>
#include <string>
#include <utility>

namespace stas::model {

StafPages pages_of(const Finder& finder, bool legacy) {
  std::vector<StafDc> dcs;
  for (const auto& dc : finder.controllers())
    dcs.push_back({dc.tid,
                   std::string(to_text(dc.origin)),
                   dc.page_is_evidence(),
                   dc.entries,
                   {},
                   !legacy && finder.is_being_read(dc)});
  for (const auto& tid : finder.unresolved()) dcs.push_back({tid, "configured", false, {}, {}});
  if (legacy) return StafPages{std::move(dcs), {}, std::nullopt};
  return StafPages{std::move(dcs), finder.ended(), finder.is_settled()};
}

std::string text_of(const StafPages& pages) {
  std::set<std::string> lines;
  for (const StafDc& dc : *pages.dcs) {
    if (!dc.page_known) continue;
    std::string line = dc.tid.to_string();
    for (const Dlpe& entry : dc.entries)
      line += " " + entry.traddr + "/" + entry.trsvcid + "/" + entry.subnqn + (entry.ncc() ? "/ncc" : "");
    lines.insert(std::move(line));
  }
  std::string text = pages.settled.value_or(false) ? "settled" : "not settled";
  for (const auto& line : lines) text += "\n" + line;
  return text;
}

}  // namespace stas::model
