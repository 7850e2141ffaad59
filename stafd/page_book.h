// SPDX-License-Identifier: Apache-2.0
//
// Numbers for the log pages that the bus object shows, so that a reader can ask for those only that it does not know
// yet, in pieces, and still gets them as they were at one moment: a page that was listed can be read until the pages
// are listed again, also when its controller shows another one meanwhile. Keeps one text per page for
// get_all_log_pages, so that asking often costs little.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "libstas/core/discovery/entries.h"
#include "libstas/core/identity/tid.h"

namespace stas::stafd {

inline constexpr std::size_t kPieceBytes = 1U << 20;  // a piece of a page ends with the entry that reaches this

class PageBook {
 public:
  struct Shown {
    const Tid* tid;
    const Entries* entries;
  };
  // The numbers of these pages, in their order. Equal pages of one controller keep theirs, names of one connection
  // share one. Those of the list before are forgotten, if they are not shown any more.
  std::vector<std::uint64_t> list(const std::vector<Shown>& pages);
  // {"log-pages": [entry, ...], "next": number of the first entry of the next piece, "" behind the last one}; nullopt
  // for a page that is not in the latest list, or has no such entry.
  std::optional<std::string> piece(std::string_view page, std::string_view first) const;

  // A JSON list of the entries. Valid until forget_texts().
  const std::string& text_of(const Entries& entries);
  // Those that were not asked for since the last call.
  void forget_texts();

 private:
  struct Page {
    std::uint64_t number = 0;
    Entries entries;
  };
  struct Text {
    Entries entries;  // keeps its identity taken
    std::string json;
    bool used = true;
  };
  std::uint64_t last_ = 0;
  std::map<Tid, Page> pages_;
  std::unordered_map<const void*, Text> texts_;
};

}  // namespace stas::stafd
