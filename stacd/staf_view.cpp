// SPDX-License-Identifier: Apache-2.0
#include "stacd/staf_view.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "libstas/core/config/match_section.h"
#include "libstas/core/discovery/entry_tid.h"

namespace stas {

namespace {

constexpr std::size_t kMaxFirstListed = 16384;  // twice what one answer may hold

bool same(const StafDc& a, const StafDc& b) {
  return a.origin == b.origin && a.page_known == b.page_known && a.entries == b.entries && a.skipped == b.skipped &&
         a.reading == b.reading;
}

}  // namespace

bool Listing::may_mean(const Tid& tid) const { return doubtful.contains(tid.subsysnqn()) || doubtful.contains({}); }

Listing list_of(const StafDc& dc, const StacdConfig& config) {
  Listing listing;
  listing.doubtful.insert(dc.skipped.begin(), dc.skipped.end());
  for (const Dlpe& entry : dc.entries) {
    if (entry.subtype != kDlpSubtypeNvme) continue;
    auto tid = tid_of_entry(entry, dc.tid, config.ignore_iface);
    if (!tid) {
      listing.doubtful.insert(entry.subnqn);
      continue;
    }
    const auto why = usability_of_discovered(config, *tid);
    if (why == Usability::usable) {
      if (config.ignore_iface_unclear) listing.with_any_iface.insert(with(*tid, &TidFields::host_iface, {}));
      const MatchSection* match = find_match(config, *tid);
      listing.usable.push_back({std::move(*tid), &entry, match});
    } else {
      if (why == Usability::invalid_address || why == Usability::invalid_nqn) listing.doubtful.insert(entry.subnqn);
      listing.refused.push_back({std::move(*tid), why, &entry});
    }
  }
  return listing;
}

void StafView::appeared(Instant now) {
  present_ = true;
  current_ = false;
  since_ = now;
  settled_.reset();
  first_listed_.clear();
}

// Nothing else happens: what the old instance said stays true until a new one says otherwise (law 2).
void StafView::vanished(Instant now) {
  if (std::exchange(present_, false)) absent_since_ = now;
  current_ = false;
}

bool StafView::answered(StafPages pages, Instant asked, Instant now) {
  if (!present_ || !pages.dcs) return false;
  std::vector<std::shared_ptr<const StafDc>> dcs;
  std::vector<std::shared_ptr<const Listing>> listings;
  std::unordered_map<Tid, std::size_t> by_tid;
  bool news = !current_ || pages.settled != settled_ || pages.dcs->size() != dcs_.size();
  for (StafDc& dc : *pages.dcs) {
    const auto before = find(dc.tid);
    by_tid[dc.tid] = dcs.size();
    first_listed_.try_emplace(dc.tid, now);
    if (before && same(*dcs_[*before], dc)) {
      news |= *before != dcs.size();
      dcs.push_back(dcs_[*before]);
      listings.push_back(listings_[*before]);
    } else {
      news = true;
      dcs.push_back(std::make_shared<const StafDc>(std::move(dc)));
      listings.push_back(judged(*dcs.back()));
    }
  }
  dcs_ = std::move(dcs);
  listings_ = std::move(listings);
  by_tid_ = std::move(by_tid);
  std::set<Tid> ended(pages.ended.begin(), pages.ended.end());
  news |= ended != ended_;
  ended_ = std::move(ended);
  settled_ = pages.settled;
  current_ = true;
  asked_ = asked;
  forget_old();
  return news;
}

StafPages StafView::answer() const {
  std::vector<StafDc> dcs;
  dcs.reserve(dcs_.size());
  for (const auto& dc : dcs_) {
    dcs.push_back(*dc);
    dcs.back().reading = false;
  }
  return {std::move(dcs), {ended_.begin(), ended_.end()}, settled_};
}

// Of controllers that are not listed any more only so many are remembered; forgetting one makes its end less certain.
void StafView::forget_old() {
  for (auto it = first_listed_.begin(); it != first_listed_.end() && first_listed_.size() > kMaxFirstListed;)
    it = by_tid_.contains(it->first) ? std::next(it) : first_listed_.erase(it);
}

void StafView::judge(std::shared_ptr<const StacdConfig> config) {
  config_ = std::move(config);
  for (std::size_t i = 0; i < listings_.size(); ++i) listings_[i] = judged(*dcs_[i]);
}

std::shared_ptr<const Listing> StafView::judged(const StafDc& dc) const {
  return std::make_shared<const Listing>(config_ ? list_of(dc, *config_) : Listing());
}

std::optional<std::size_t> StafView::find(const Tid& dc) const {
  const auto it = by_tid_.find(dc);
  return it == by_tid_.end() ? std::nullopt : std::optional(it->second);
}

Instant StafView::first_listed(const Tid& dc) const {
  const auto it = first_listed_.find(dc);
  return it == first_listed_.end() ? kNever : it->second;
}

const StafDc* StafView::young_unread(Instant now, Duration patience) const {
  const StafDc* youngest = nullptr;
  for (const auto& dc : dcs_) {
    if (dc->page_known || now >= first_listed(dc->tid) + patience) continue;
    if (youngest == nullptr || first_listed(dc->tid) > first_listed(youngest->tid)) youngest = dc.get();
  }
  return youngest;
}

const StafDc* StafView::being_read() const {
  const auto it = std::ranges::find_if(dcs_, [](const auto& dc) { return dc->reading; });
  return it == dcs_.end() ? nullptr : it->get();
}

const StafDc* StafView::unread_at(const Tid& dc) const {
  for (const auto& other : dcs_)
    if (!other->page_known && same_place(other->tid, dc)) return other.get();
  return nullptr;
}

bool StafView::ended_for_other_host(const Tid& dc, const std::set<std::string>& nqns) const {
  return std::ranges::any_of(
      nqns, [&](const std::string& nqn) { return ended_.contains(with(dc, &TidFields::host_nqn, nqn)); });
}

const StafDc* StafView::for_other_host(const Tid& dc) const {
  for (const auto& other : dcs_)
    if (other->tid.host_nqn() != dc.host_nqn() && same_place(other->tid, dc) &&
        other->tid.host_iface() == dc.host_iface())
      return other.get();
  return nullptr;
}

const StafDc* StafView::unread() const {
  std::set<std::string> read;
  for (const auto& dc : dcs_)
    if (dc->page_known) read.insert(place_of(dc->tid));
  for (const auto& dc : dcs_)
    if (!dc->page_known && (knows_ended() || !read.contains(place_of(dc->tid)))) return dc.get();
  return nullptr;
}

}  // namespace stas
