// SPDX-License-Identifier: Apache-2.0
//
// What stafd answers about its log pages, as facts: list_pages and get_page of this stafd, and get_all_log_pages of
// that of nvme-stas 2.4.1. None of it is trusted: what cannot be used is left out and counted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/core/brain/event.h"

namespace stas::stacd {

inline constexpr std::size_t kMaxStafDcs = 8192;

// Entries that cannot be used.
struct Flaws {
  unsigned count = 0;
  std::string first;  // what was wrong with the first of them
};

struct StafAnswer {
  std::vector<StafDc> dcs;
  Flaws flaws;
};

// An Error when the text as a whole is not such a document; that is no information about anything.
// A controller that cannot be used makes the answer an Error as well: its absence would look like its removal.
Result<StafAnswer> parse_staf_pages(std::string_view json);

// A controller of list_pages. `page` names its page, which never changes under that name; "" is an empty one.
struct ListedPage {
  StafDc dc;  // without its entries
  std::string page;
};
Result<std::vector<ListedPage>> parse_page_list(const std::vector<TextDict>& dicts);

// An answer of get_page. Errors as above.
struct PagePiece {
  std::vector<Dlpe> entries;
  std::vector<std::string> skipped;  // as in StafDc
  std::string next;                  // the first entry of the next piece; "" behind the last one
  Flaws flaws;
};
Result<PagePiece> parse_page_piece(std::string_view json);

// A dictionary of list_controllers or list_ended_controllers; nullopt when it names no usable controller.
std::optional<Tid> tid_of_dict(const TextDict& dict);

}  // namespace stas::stacd
