// SPDX-License-Identifier: Apache-2.0
#include "stacd/origin.h"

#include <functional>
#include <vector>

namespace stas {

namespace {

std::string place(const std::string& file, int line) { return file + ":" + std::to_string(line); }

void append(std::string& list, const std::string& item) { list += (list.empty() ? "" : "; ") + item; }

// The number of the entry in the page that it points into, 0 when it is in another one.
std::size_t number_of(const Dlpe* entry, const StafDc& dc) {
  const std::vector<Dlpe>& page = dc.entries;
  const std::less<> before;
  if (page.empty() || before(entry, page.data()) || !before(entry, page.data() + page.size())) return 0;
  return static_cast<std::size_t>(entry - page.data()) + 1;
}

}  // namespace

std::string named_by(const Row& row, const std::string& file) {
  std::string text;
  if (row.line != nullptr) append(text, place(file, row.line->line));
  for (const StafDc* dc : row.dcs) {
    const auto number = dc == row.dcs.back() ? number_of(row.entry, *dc) : 0;
    append(text, (number == 0 ? "the page of " : "entry " + std::to_string(number) + " of the page of ") +
                     dc->tid.to_string());
  }
  return text;
}

std::string refused_by(const Row& row, const std::string& file) {
  return row.rule == nullptr ? std::string() : place(file, row.rule->line);
}

std::string remembered_by(const Known& known) {
  std::string text;
  for (const auto& [dc, origin] : known.sources) append(text, "the page of " + dc.to_string());
  return text;
}

}  // namespace stas
