// SPDX-License-Identifier: Apache-2.0
//
// stafd's answers to get_all_log_pages and get_page as stacd reads them, whoever owns stafd's bus name. What is kept
// can be connected, and what is not is counted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/core/identity/nqn.h"
#include "stacd/staf_pages.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_clean(const std::string& text) {
  return text.empty() || (stas::is_injection_free(text) && stas::is_valid_utf8(text));
}

void check(const std::vector<stas::Dlpe>& entries) {
  for (const stas::Dlpe& entry : entries) {
    require(is_clean(entry.traddr) && is_clean(entry.trsvcid) && is_clean(entry.subnqn));
    require(stas::is_usable_nqn(entry.subnqn));
  }
}

void check(const stas::Flaws& flaws) { require((flaws.count == 0) == flaws.first.empty()); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto answer = stas::parse_staf_pages(text)) {
    require(answer->dcs.size() <= stas::kMaxStafDcs);
    check(answer->flaws);
    for (const stas::StafDc& dc : answer->dcs) {
      require(is_clean(dc.tid.traddr()) && is_clean(dc.tid.subsysnqn()) && is_clean(dc.tid.host_iface()));
      check(dc.entries);
    }
  }
  if (const auto piece = stas::parse_page_piece(text)) {
    check(piece->flaws);
    check(piece->entries);
    require(piece->flaws.count == piece->skipped.size());
  }
  return 0;
}
