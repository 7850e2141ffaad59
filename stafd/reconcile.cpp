// SPDX-License-Identifier: Apache-2.0
//
// Finder: from what is desired to the names, their verdicts, and new names.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stafd/finder.h"

namespace stas {

namespace {

constexpr std::size_t kMaxTold = 1024;

}  // namespace

void Finder::report_once(Level level, Topic topic, std::string text) {
  if (told_.size() >= kMaxTold || !told_.insert(text).second) level = Level::debug;
  out_.push_back(Report{level, std::nullopt, {}, std::move(text), Reason::none, kNever, topic});
}

void Finder::reconcile(Instant now) {
  dirty_ = false;
  judge_at_ = kNever;
  auto desired = desire(DcFacts{*config_, *host_, names_, mdns_, dcs_, timing_, now, started_, devices_.complete()});
  for (auto& surprise : desired.reports) report_once(surprise.level, Topic::refused, std::move(surprise.text));
  unresolved_ = std::move(desired.unresolved);
  names_awaited_ = !unresolved_.empty() && now < configured_at_ + timing_.name_hold;
  if (names_awaited_) judge_at_ = configured_at_ + timing_.name_hold;
  rename(desired, now);
  for (auto& [id, dc] : dcs_.all())
    if (!desired.renamed.contains(dc.tid)) judge(dc, desired, now);  // it waits for an operation
  for (auto it = dcs_.all().begin(); it != dcs_.all().end();) {
    const auto id = it->first;
    const Dc& dc = (it++)->second;
    if (dc.verdict.stays() || dc.op != Dc::Op::none || !desired.superseded.contains(dc.tid)) continue;
    report(Level::debug, Topic::none, dc, "Another address of " + dc.host_name + " takes its place");
    dcs_.erase(id);
    save_ = true;
  }
  refused_.clear();
  for (const auto& [tid, wish] : desired.wishes)
    if (wish.verdict.standing == DcStanding::refused && refused_.size() < kMaxDcs) refused_.emplace(tid, wish);
  learn(desired, now);
}

void Finder::judge(Dc& dc, const DesiredDcs& desired, Instant now) {
  const auto it = desired.wishes.find(dc.tid);
  if (it == desired.wishes.end() || !it->second.verdict.stays())
    leave(dc, it == desired.wishes.end() ? nullptr : &it->second, now);
  else
    settle_wish(dc, it->second, now);
}

void Finder::settle_wish(Dc& dc, const Wish& wish, Instant now) {
  if (dc.origin != wish.origin || dc.sources.parents != wish.sources.parents) save_ = true;
  const bool was_present = dc.announced.present();
  if (wish.verdict.standing == DcStanding::wanted) {
    if (!wish.for_a_while) dc.held_for.clear();
  } else if (dc.held_for != wish.verdict.waits_for) {
    dc.held_for = wish.verdict.waits_for;
    dc.held_at = now;
    const char* why = wish.verdict.reason == Reason::not_included
                          ? " is kept, because a line that cannot be read may include it: "
                      : wish.verdict.reason == Reason::host_excluded ? " stays as it is: "
                      : wish.replaced                                ? " is kept until it is known: "
                                      : " is kept although nothing names it now. What could is not known: ";
    report_once(wish.replaced ? Level::info : Level::warning, Topic::held, dc.tid.to_string() + why + dc.held_for);
  }
  dc.origin = wish.origin;
  dc.sources = wish.sources;
  dc.verdict = wish.verdict;
  dc.options = wish.options;
  dc.host_id = wish.host_id;
  dc.host_name = wish.host_name;
  dc.cfg = wish.cfg;
  dc.system_identity = wish.system_identity;
  const bool borrowed = wish.for_a_while && wish.verdict.standing == DcStanding::wanted;
  if (!wish.replaced && !borrowed)
    dc.lost_at = kNever;
  else if (wish.replaced && dc.lost_at == kNever)
    dc.lost_at = now;
  judge_at_ = std::min(judge_at_, wish.verdict.until);

  if (wish.present)
    dc.announced.state = Announcement::State::present;
  else if (!wish.sources.announced || (wish.origin == Origin::configured && !wish.replaced))
    dc.announced.state = Announcement::State::never;  // the end of its line counts although it was announced long ago
  else
    dc.announced.state = Announcement::State::silent;
  // A hint that it can be reached.
  if (wish.present && !was_present && !dc.connected())
    dc.next_connect = std::min(dc.next_connect, std::max(now, dc.last_attempt + timing_.connect.first));
  track_lost(dc, now);
  if (const auto at = lost_deadline(dc); at > now) judge_at_ = std::min(judge_at_, at);
}

// Nothing names it, on evidence, or what names it is refused.
void Finder::leave(Dc& dc, const Wish* refusal, Instant now) {
  const bool left_before = !dc.verdict.stays();
  dc.verdict =
      farewell(DcFacts{*config_, *host_, names_, mdns_, dcs_, timing_, now, started_, devices_.complete()}, dc);
  if (refusal != nullptr) {
    dc.verdict.standing = DcStanding::refused;
    if (refusal->verdict.reason == Reason::not_included) dc.verdict.reason = Reason::not_included;
  }
  if (dc.lost_at == kNever) dc.lost_at = now;
  if (!left_before && refusal == nullptr) dc.announced.state = Announcement::State::never;
  dc.verdict.not_before = dc.lost_at + timing_.soak;
  // After a start mDNS gets its time to answer: what it announces is wanted, whatever it was called before.
  if (config_->zeroconf && !mdns_.available)
    dc.verdict.not_before = std::max(dc.verdict.not_before, started_ + timing_.mdns_grace);
  if (dc.verdict.not_before > now) judge_at_ = std::min(judge_at_, dc.verdict.not_before);
}

// How the table is filled, by the strongest source of each name.
struct Finder::Room {
  explicit Room(NameTable& dcs) {
    for (const auto& [id, dc] : dcs.all()) {
      ++used[dc.origin];
      if (dc.origin == Origin::discovered) add(id, dc);
    }
  }
  // What is announced on one link, as far as the names say which.
  struct Link {
    std::size_t names = 0;
    std::vector<NameId> silent;  // of them: nobody has answered there so far
  };
  static std::string link_of(const Tid& tid) {
    return !tid.host_iface().empty() ? tid.host_iface() : tid.ip() ? tid.ip()->scope() : std::string();
  }
  void add(NameId id, const Dc& dc) {
    Link& link = links[link_of(dc.tid)];
    ++link.names;
    if (dc.reachable() || dc.op != Dc::Op::none) return;
    if (dc.announced && !dc.announced.present())
      lost.push_back(id);
    else if (!dc.had_connection && !dc.page_known)
      link.silent.push_back(id);
  }
  // One of a link with so many names that the newcomer's deserves its place; none if there is no such link.
  std::optional<NameId> take_from_others(const Tid& newcomer) {
    const std::size_t own = links[link_of(newcomer)].names;
    const auto most = std::max_element(links.begin(), links.end(), [](const auto& a, const auto& b) {
      return (a.second.silent.empty() ? 0 : a.second.names) < (b.second.silent.empty() ? 0 : b.second.names);
    });
    if (most->second.silent.empty() || most->second.names <= own + 1) return std::nullopt;
    const NameId id = most->second.silent.back();
    most->second.silent.pop_back();
    --most->second.names;
    return id;
  }
  std::map<Origin, std::size_t> used;
  std::map<std::string, Link> links;
  std::vector<NameId> lost;  // could make room
};

// New names. What is configured comes first, so that no flood of the others takes its place.
void Finder::learn(const DesiredDcs& desired, Instant now) {
  full_ = false;
  std::set<Tid> expected;  // names under the host's new NQN, as soon as nothing is in flight under the old one
  for (const auto& [old, tid] : desired.renamed) expected.insert(tid);
  Room room(dcs_);
  for (const auto origin : {Origin::configured, Origin::discovered, Origin::referral}) {
    for (const auto& [tid, wish] : desired.wishes) {
      if (wish.origin != origin || wish.verdict.standing != DcStanding::wanted || find(tid) != nullptr) continue;
      if (expected.contains(tid)) continue;
      if (origin == Origin::discovered && !wish.present) continue;  // it has just made room
      if (!make_room(room, origin, tid)) {
        full_ = full_ || origin == Origin::configured;
        report_once(Level::error, Topic::limit_reached,
                    "Too many discovery controllers (" + std::to_string(dcs_.size()) + "); more of origin \"" +
                        std::string(to_text(origin)) + "\" are ignored");
        if (origin != Origin::discovered) break;
        continue;  // one of another link may have more right
      }
      Dc dc(tid, timing_, now);
      if (!wish.host_name.empty()) {
        dc.failure_told = names_.has_failed(tid.traddr());
        dc.next_connect = names_.not_before(wish.host_name);
      }
      settle_wish(dc, wish, now);
      std::erase(ended_, tid);
      dcs_.add(std::move(dc));
      ++room.used[origin];
      if (origin == Origin::discovered) room.add(dcs_.id_of(tid), *find(tid));
      save_ = true;
    }
  }
}

bool Finder::make_room(Room& room, Origin origin, const Tid& newcomer) {
  const bool within_share = origin == Origin::configured ||
                            (origin == Origin::discovered && room.used[origin] < kMaxAnnounced) ||
                            (origin == Origin::referral && room.used[origin] < kMaxReferred);
  if (within_share && dcs_.size() < kMaxDcs) return true;
  if (origin == Origin::referral) return false;
  if (room.lost.empty()) {
    const auto silent = origin == Origin::discovered ? room.take_from_others(newcomer) : std::nullopt;
    if (!silent) return false;
    report(Level::debug, Topic::dc_lost, *dcs_.find(*silent), "Given up: its link has more than its share");
    dcs_.erase(*silent);
  } else {
    const Dc& dc = *dcs_.find(room.lost.back());
    report(Level::info, Topic::dc_lost, dc, "Given up: it is lost, and others need its place");
    --room.links[Room::link_of(dc.tid)].names;
    dcs_.erase(room.lost.back());
    room.lost.pop_back();
  }
  --room.used[Origin::discovered];
  return true;
}

// The host's NQN changed; what is not connected goes on under the new one, and shows what it showed.
void Finder::rename(const DesiredDcs& desired, Instant now) {
  if (std::any_of(dcs_.begin(), dcs_.end(), [&](const Dc& dc) {
        return dc.system_identity && dc.tid.host_nqn() != host_->nqn && dc.connected();
      }))
    report_once(Level::warning, Topic::host_changed,
                "The host NQN is " + host_->nqn +
                    " now; existing connections keep the one they were made with. Disconnect them "
                    "(nvme disconnect) to have them made again under the new one");
  for (auto it = dcs_.all().begin(); it != dcs_.all().end();) {
    const auto id = it->first;
    Dc& old = (it++)->second;
    const auto found = desired.renamed.find(old.tid);
    if (found == desired.renamed.end() || old.op != Dc::Op::none || old.connected()) continue;
    if (find(found->second) == nullptr) {
      Dc dc = old;
      dc.tid = found->second;
      dc.created = now;
      dc.looked = 0;
      if (dc.page_known) out_.push_back(NotifyLogPagesChanged{dc.tid, "nvme?"});
      std::erase(ended_, dc.tid);
      dcs_.erase(id);
      dcs_.add(std::move(dc));
    } else {
      dcs_.erase(id);
    }
    save_ = true;
  }
}

void Finder::note_ended(const Tid& tid) {
  std::erase(ended_, tid);
  if (ended_.size() >= kMaxEnded) ended_.erase(ended_.begin());
  ended_.push_back(tid);
}

}  // namespace stas
