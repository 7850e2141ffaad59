// SPDX-License-Identifier: Apache-2.0
//
// Reads the log pages that stafd lists: those only that are not known yet, one after the other, in pieces. A page never
// changes under its name, so what is put together from pages known from before and pages just read is what stafd
// showed when it made the list; anything less is an error, and no answer.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libstas/sys/bus/bus.h"
#include "stacd/staf_pages.h"

namespace stas::stacd {

class PageReader {
 public:
  struct Answer {
    Result<std::vector<StafDc>> dcs;
    Flaws flaws;  // of the pages that were read now
  };
  using Done = std::function<void(Answer)>;

  explicit PageReader(Bus& bus) : bus_(bus) {}

  // `done` is called once, from the loop or from inside, unless it is stopped before. Error `invalid_input`: stafd does
  // not show one of the pages any more, so the list is old.
  void read(std::vector<ListedPage> list, Done done);
  void stop();
  // Another stafd: its names mean other pages.
  void forget();

 private:
  struct Page {
    Entries entries;
    std::vector<std::string> skipped;
  };
  void next();
  void ask();
  void take(const Result<BusValue>& answer);
  void end(Result<std::vector<StafDc>> dcs);
  Result<std::vector<StafDc>> put_together();

  Bus& bus_;
  std::map<std::string, Page> pages_;  // by name, complete
  std::vector<ListedPage> list_;
  std::size_t at_ = 0;  // the one whose page is being read
  PagePiece piece_;     // of it, so far
  Flaws flaws_;
  Done done_;
  BusHandle call_;
};

}  // namespace stas::stacd
