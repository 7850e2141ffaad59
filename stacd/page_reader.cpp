// SPDX-License-Identifier: Apache-2.0
#include "stacd/page_reader.h"

#include <iterator>
#include <set>
#include <utility>

#include "libstas/core/discovery/log_page.h"
#include "stacd/staf_target.h"

namespace stas::stacd {

void PageReader::read(std::vector<ListedPage> list, Done done) {
  list_ = std::move(list);
  done_ = std::move(done);
  flaws_ = {};
  at_ = 0;
  next();
}

void PageReader::stop() {
  call_ = BusHandle();
  done_ = nullptr;
}

void PageReader::forget() {
  stop();
  pages_.clear();
}

void PageReader::next() {
  while (at_ < list_.size() && (list_[at_].page.empty() || pages_.contains(list_[at_].page))) ++at_;
  if (at_ == list_.size()) return end(put_together());
  piece_ = {};
  piece_.next = "0";
  ask();
}

void PageReader::ask() {
  call_ = bus_.call_async(staf_evidence(), "get_page", {list_[at_].page, piece_.next}, BusType::text,
                          kStafAnswerTimeout, [this](const Result<BusValue>& answer) { take(answer); });
}

void PageReader::take(const Result<BusValue>& answer) {
  if (!answer) return end(tl::unexpected(answer.error()));
  auto piece = parse_page_piece(std::get<std::string>(*answer));
  if (!piece) return end(tl::unexpected(piece.error()));
  if (flaws_.count == 0) flaws_.first = piece->flaws.first;
  flaws_.count += piece->flaws.count;
  std::move(piece->entries.begin(), piece->entries.end(), std::back_inserter(piece_.entries));
  std::move(piece->skipped.begin(), piece->skipped.end(), std::back_inserter(piece_.skipped));
  piece_.next = std::move(piece->next);
  if (piece_.entries.size() + piece_.skipped.size() > kMaxDlpes)
    return end(fail(ErrorKind::protocol, "a log page has too many entries"));
  if (!piece_.next.empty()) return ask();
  pages_[list_[at_].page] = Page{std::move(piece_.entries), std::move(piece_.skipped)};
  next();
}

void PageReader::end(Result<std::vector<StafDc>> dcs) {
  if (const auto done = std::exchange(done_, nullptr)) done({std::move(dcs), std::move(flaws_)});
}

// Pages that are not listed any more are forgotten.
Result<std::vector<StafDc>> PageReader::put_together() {
  std::vector<StafDc> dcs;
  std::set<std::string> listed;
  std::size_t entries = 0;
  dcs.reserve(list_.size());
  for (auto& item : list_) {
    if (!item.page.empty()) {
      const Page& page = pages_.at(item.page);
      item.dc.entries = page.entries;
      item.dc.skipped = page.skipped;
      if (listed.insert(item.page).second) entries += page.entries.size();
    }
    dcs.push_back(std::move(item.dc));
  }
  list_.clear();
  std::erase_if(pages_, [&](const auto& page) { return !listed.contains(page.first); });
  if (entries > kMaxKeptDlpes) return fail(ErrorKind::protocol, "the log pages have too many entries in all");
  return dcs;
}

}  // namespace stas::stacd
