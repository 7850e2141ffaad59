// SPDX-License-Identifier: Apache-2.0
//
// stafd's answer to get_all_log_pages as stacd reads it, whoever owns stafd's bus name. What is kept can be connected,
// and what is not is counted.
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = stas::parse_staf_pages(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!answer) return 0;
  require(answer->dcs.size() <= stas::kMaxStafDcs);
  require((answer->skipped == 0) == answer->first_flaw.empty());
  for (const stas::StafDc& dc : answer->dcs) {
    require(is_clean(dc.tid.traddr()) && is_clean(dc.tid.subsysnqn()) && is_clean(dc.tid.host_iface()));
    for (const stas::Dlpe& entry : dc.entries) {
      require(is_clean(entry.traddr) && is_clean(entry.trsvcid) && is_clean(entry.subnqn));
      require(stas::is_usable_nqn(entry.subnqn));
    }
  }
  return 0;
}
