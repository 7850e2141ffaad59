// SPDX-License-Identifier: Apache-2.0
#include "stacd/origin.h"

#include <functional>
#include <vector>

#include "libstas/core/brain/configured.h"
#include "libstas/core/brain/explanation.h"
#include "libstas/core/config/filter.h"
#include "libstas/core/config/option_value.h"

namespace stas {

namespace {

void append(std::string& list, const std::string& item) { list += (list.empty() ? "" : "; ") + item; }

// The number of the entry in the page that it points into, 0 when it is in another one.
std::size_t number_of(const Dlpe* entry, const StafDc& dc) {
  const std::vector<Dlpe>& page = dc.entries;
  const std::less<> before;
  if (page.empty() || before(entry, page.data()) || !before(entry, page.data() + page.size())) return 0;
  return static_cast<std::size_t>(entry - page.data()) + 1;
}

// The entry of the page that means the row; nullptr where it cannot be told.
const Dlpe* entry_of(const Row& row, const Listing& listing) {
  // A row may go on under another host NQN than the page is for now.
  const auto means = [&](const Tid& tid) {
    return tid == row.tid ||
           (tid.subsysnqn() == row.tid.subsysnqn() && with(tid, &TidFields::host_nqn, row.tid.host_nqn()) == row.tid);
  };
  for (const auto& usable : listing.usable)
    if (means(usable.tid)) return usable.entry;
  for (const auto& refused : listing.refused)
    if (means(refused.tid)) return refused.entry;
  return nullptr;
}

std::string in_page(const Dlpe* entry, const StafDc& dc) {
  const auto number = entry == nullptr ? 0 : number_of(entry, dc);
  return (number == 0 ? "the page of " : "entry " + std::to_string(number) + " of the page of ") + dc.tid.to_string();
}

}  // namespace

std::string named_by(const Row& row, const std::string& file) {
  std::string text;
  if (row.line != nullptr) append(text, place(file, row.line->line));
  for (const StafDc* dc : row.dcs) append(text, in_page(dc == row.dcs.back() ? row.entry : nullptr, *dc));
  return text;
}

std::vector<std::string> sources(const Row& row, const Facts& facts, const std::string& file) {
  std::vector<std::string> list;
  for (const ControllerLine& line : facts.config->controllers) {
    if (line.subsysnqn != row.tid.subsysnqn()) continue;
    const Tid meant(target_of(line, *facts.config, *facts.host, facts.names).fields);
    if (&line == row.line || meant == row.tid) list.push_back(place(file, line.line));
  }
  for (const StafDc* dc : row.dcs) {
    const auto index = facts.staf.find(dc->tid);
    const Dlpe* entry = index ? entry_of(row, facts.staf.listing(*index)) : nullptr;
    list.push_back(in_page(entry, *dc) + " (" + dc->origin + ")");
  }
  return list;
}

std::string refused_by(const Row& row, const StacdConfig& config, const std::string& file) {
  if (row.not_included) return include_lines(config, file);
  const HostExclusion* entry =
      row.reason == Reason::host_excluded ? first_match(config.host_excludes, row.tid) : nullptr;
  if (entry != nullptr) return entry->place();
  return row.rule == nullptr ? std::string() : place(file, row.rule->line);
}

std::string option_origin(const Row& row, const StacdConfig& config, std::string_view option, const std::string& file) {
  const auto said = [&](const OptionLines& lines) {
    const auto line = lines.find(option);
    return line == lines.end() ? std::string() : place(file, line->second);
  };
  if (row.line != nullptr && says(row.line->options, option)) return place(file, row.line->line);
  if (row.line == nullptr && row.match != nullptr) {
    const auto text = said(row.match->lines);
    if (!text.empty()) return text + " [Match" + (row.match->name.empty() ? "" : " ") + row.match->name + "]";
  }
  return said(config.connect_lines);
}

std::string remembered_by(const Known& known) {
  std::string text;
  for (const auto& [dc, origin] : known.sources) append(text, "the page of " + dc.to_string());
  return text;
}

}  // namespace stas
