// SPDX-License-Identifier: Apache-2.0
//
// Discovery log pages as a controller sends them: header of 1024 bytes, then entries. Every entry that is kept can be
// put on the bus and into a connect string, and survives the way through its dictionary.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "libstas/core/discovery/log_page.h"
#include "libstas/core/identity/nqn.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const stas::Dlpe& dlpe) {
  for (const std::string* text : {&dlpe.traddr, &dlpe.trsvcid, &dlpe.subnqn})
    require(text->empty() || (stas::is_injection_free(*text) && stas::is_valid_utf8(*text)));
  require(stas::is_usable_nqn(dlpe.subnqn));
  const auto back = stas::dlpe_from_dict(stas::to_dict(dlpe));
  require(back && *back == dlpe);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto header = stas::parse_dlp_header(bytes);
  if (header) require(header->numrec <= stas::kMaxDlpes);
  (void)stas::parse_supported_log_pages(bytes);
  std::string_view entries = bytes.substr(std::min(size, stas::kDlpHeaderSize));
  if (header) require(!stas::parse_dlp_entries(entries, entries.size() / stas::kDlpeSize + 1));
  entries = entries.substr(0, entries.size() / stas::kDlpeSize * stas::kDlpeSize);
  const auto parsed = stas::parse_dlp_entries(entries, entries.size() / stas::kDlpeSize);
  require(parsed && parsed->entries.size() + parsed->skipped == entries.size() / stas::kDlpeSize);
  for (const stas::Dlpe& dlpe : parsed->entries) check(dlpe);
  return 0;
}
