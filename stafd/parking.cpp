// SPDX-License-Identifier: Apache-2.0
#include "stafd/parking.h"

#include "libstas/core/discovery/entry_tid.h"

namespace stas {

namespace {

bool is_about(const Dlpe& entry, const Tid& tid) {
  if (entry.subtype != kDlpSubtypeDiscovery) return false;
  const auto named = tid_of_entry(entry, tid, false);
  return named && same_place(*named, tid);
}

}  // namespace

bool takes_no_persistence(const Entries& page, const Tid& tid, const std::string& dctype) {
  if (dctype != "ddc" && dctype != "cdc" && !page.has_flags()) return false;
  bool about = false;
  for (const Dlpe* entry : page.services()) {
    if (!is_about(*entry, tid)) continue;
    if (entry->epcsd()) return false;
    about = true;
  }
  return about;
}

}  // namespace stas
