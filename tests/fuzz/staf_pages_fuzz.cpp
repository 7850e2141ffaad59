// SPDX-License-Identifier: Apache-2.0
//
// stafd's answers to get_all_log_pages, get_page and list_pages as stacd reads them, whoever owns stafd's bus name.
// What is kept can be connected, and what is not is counted. For list_pages a line of the input is an item "key=value"
// of a dictionary, and a line without "=" ends a dictionary.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

void check(const stas::stacd::Flaws& flaws) { require((flaws.count == 0) == flaws.first.empty()); }

std::vector<stas::TextDict> dictionaries(std::string_view text) {
  std::vector<stas::TextDict> all(1);
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) {
      all.emplace_back();
    } else {
      all.back().emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
  }
  return all;
}

void check(const stas::Tid& tid) {
  require(is_clean(tid.traddr()) && is_clean(tid.subsysnqn()) && is_clean(tid.host_iface()));
}

void check_list(std::string_view text) {
  if (!stas::is_valid_utf8(text)) return;  // the bus lets no other text through
  const auto dicts = dictionaries(text);
  if (const auto list = stas::stacd::parse_page_list(dicts)) {
    require(list->size() == dicts.size() && list->size() <= stas::stacd::kMaxStafDcs);
    for (const auto& listed : *list) {
      check(listed.dc.tid);
      require(listed.dc.entries.empty());
    }
  }
  for (const auto& dict : dicts) {
    if (const auto tid = stas::stacd::tid_of_dict(dict)) check(*tid);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto answer = stas::stacd::parse_staf_pages(text)) {
    require(answer->dcs.size() <= stas::stacd::kMaxStafDcs);
    check(answer->flaws);
    for (const stas::StafDc& dc : answer->dcs) {
      check(dc.tid);
      check(dc.entries);
    }
  }
  if (const auto piece = stas::stacd::parse_page_piece(text)) {
    check(piece->flaws);
    check(piece->entries);
    require(piece->flaws.count == piece->skipped.size());
  }
  check_list(text);
  return 0;
}
