// SPDX-License-Identifier: Apache-2.0
//
// What stacd knows from stafd: the latest complete answer, how far it can be trusted, and since when. What stafd does
// not say (absent, restarting, failing) leaves the answer before it in force (law 2). A value; copies share the pages.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/config/filter.h"

namespace stas {

// What one page lists, as the configuration sees it. Made once per page and configuration, not in every pass. Points
// into the page.
struct Listing {
  struct Usable {
    Tid tid;
    const Dlpe* entry = nullptr;
    const MatchSection* match = nullptr;  // the [Match] section that is about it; into the configuration
  };
  struct Refused {
    Tid tid;
    Usability why = Usability::usable;
    const Dlpe* entry = nullptr;
  };
  std::vector<Usable> usable;
  std::vector<Refused> refused;
  // NQNs of entries that were skipped or cannot be used: what such an entry meant, nobody knows. "" could be any.
  std::set<std::string> doubtful;
  // What the usable ones are with ignore-iface=, as long as nobody knows whether the file says it.
  std::unordered_set<Tid> with_any_iface;

  bool may_mean(const Tid& tid) const;
};
Listing list_of(const StafDc& dc, const StacdConfig& config);

class StafView {
 public:
  // Facts.
  void appeared(Instant now);
  void vanished(Instant now);
  // `asked`: when the question went out. Returns false when nothing is new, also for the late answer of an instance
  // that is gone.
  bool answered(StafPages pages, Instant asked, Instant now);
  // Another configuration: the pages are judged again.
  void judge(std::shared_ptr<const StacdConfig> config);

  // What they say.
  bool present() const { return present_; }
  bool current() const { return current_; }  // the present instance has answered
  Instant since() const { return since_; }   // the present instance was first seen; kNever before the first
  Instant absent_since() const { return absent_since_; }  // the latest one went then; Instant::min() if none did
  Instant asked() const { return asked_; }  // the question that the answer in force was given to went out then
  bool knows_ended() const { return settled_.has_value(); }  // it tells what was removed; nvme-stas 2.4.1 does not
  bool settled() const { return settled_.value_or(false); }
  std::size_t size() const { return dcs_.size(); }  // controllers in the answer
  const StafDc& dc(std::size_t index) const { return *dcs_[index]; }
  const Listing& listing(std::size_t index) const { return *listings_[index]; }
  // nullopt when it is not listed.
  std::optional<std::size_t> find(const Tid& dc) const;
  bool ended(const Tid& dc) const { return ended_.contains(dc); }
  // The answer in force, as if it were given again with all reading done.
  StafPages answer() const;
  // The present instance has listed it, now or earlier.
  bool listed_before(const Tid& dc) const { return first_listed_.contains(dc); }
  Instant first_listed(const Tid& dc) const;
  // A page that has not been read, of a controller that is listed since less than `patience`: the one that came last;
  // nullptr if there is none.
  const StafDc* young_unread(Instant now, Duration patience) const;
  // A page of which a newer one is on its way, nullptr if there is none.
  const StafDc* being_read() const;
  // A page that has not been read, whatever the reason. Not for an alias: another name of the same portal whose page
  // has been read (the stafd of nvme-stas 2.4.1 reads only one of them).
  const StafDc* unread() const;
  // A page that has not been read, of a controller at the same place (transport, address, port) as this one.
  const StafDc* unread_at(const Tid& dc) const;
  // The same controller was ended, but for another host NQN, and that is one of `nqns`.
  bool ended_for_other_host(const Tid& dc, const std::set<std::string>& nqns) const;
  // The same controller, listed for another host NQN.
  const StafDc* for_other_host(const Tid& dc) const;

 private:
  std::shared_ptr<const Listing> judged(const StafDc& dc) const;
  void forget_old();

  bool present_ = false;
  bool current_ = false;
  Instant since_ = kNever;
  Instant absent_since_ = Instant::min();
  Instant asked_ = Instant::min();
  std::optional<bool> settled_;
  std::shared_ptr<const StacdConfig> config_;
  std::vector<std::shared_ptr<const StafDc>> dcs_;
  std::vector<std::shared_ptr<const Listing>> listings_;  // one for each of dcs_
  std::unordered_map<Tid, std::size_t> by_tid_;
  std::set<Tid> ended_;
  std::map<Tid, Instant> first_listed_;  // by the present instance
};

}  // namespace stas
