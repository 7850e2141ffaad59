// SPDX-License-Identifier: Apache-2.0
//
// What could be known at any time, by anybody who forgets nothing: the files as far as they were understood, the
// announcements, and of each page what the latest complete read said. What is wanted by that must not be cut; what is
// not wanted by it, in no reading, must go in the end. Reckoned with sets of bits and without the code of the daemons.
#include <algorithm>

#include "tests/model/world.h"

namespace stas::model {

namespace {

using std::chrono::seconds;

constexpr Duration kYoung = seconds(60);      // after a reconnect a page that lost everything is not believed ...
constexpr Duration kYoungHold = seconds(28);  // ... for 30 s, seen from a little before
constexpr Duration kSeen = std::chrono::milliseconds(50);         // until a scan is taken
constexpr Duration kAudit = seconds(130);                         // what was missed is found by then
constexpr Duration kForgotten = std::chrono::milliseconds(1400);  // a DC that is not wanted is gone after 1.5 s

std::size_t z(int i) { return static_cast<std::size_t>(i); }

constexpr int kVariantIface[kVariants] = {0, 1, 2, 0, 0};

}  // namespace

// --- pages ---

// stafd read the page of this host completely.
void World::learn(const KernelDevice& over) {
  const int host = over.host;
  const auto& h = hosts_[z(host)];
  auto& known = known_[z(host)];
  const Paths listed = is_young(h) ? Paths() : h.listed & ~h.unusable;
  const Referrals refers = is_young(h) ? Referrals() : h.refers;
  known.duplicates = h.duplicates;
  gives_back_.set(z(host), says_to_give_back(host));
  known.over.set(z(over.iface * 2 + (over.device.subsysnqn == unique_nqn_of(host) ? 1 : 0)));
  known.skipped = !is_young(h) && (h.listed & h.unusable).any();
  for (std::size_t name = 0; name < kDcNames; ++name)
    if (means_dc(static_cast<int>(name), over)) never_read_.reset(name);
  for (std::size_t path = 0; path < kPaths; ++path)
    if (listed.test(path)) ever_ours_.set(path * 2);
  ever_listed_[z(host)] |= listed;
  read_over_[z(host)][z(over.iface)] |= listed;
  last_listed_[z(host)] = listed;
  for (int i = 0; i < kHosts * 2; ++i)
    if (refers.test(z(i))) {
      // Another source, another start.
      if (!known.refers.test(z(i)))
        std::erase_if(stafd_.voices, [&](const auto& item) {
          return item.second.first.find(address_of(i / 2) + ",") != std::string::npos;
        });
      ever_referred_[z(host)].set(z(i / 2));
    }
  // Whoever has removed every name of it has nothing to compare with.
  const bool remembered = known.remembered && std::ranges::any_of(stafd_.brain->controllers(), [&](const Dc& dc) {
                            return dc.page_known && !dc.entries.empty() && host_of_address(dc.tid.traddr()) == host;
                          });
  if (known.any && known.listed.any() && listed.none() && refers.none() && !known.skipped && remembered &&
      dc_live_at_[z(host)] > known.full_at && now_ - dc_live_at_[z(host)] <= kYoung &&
      // that it was lost may have been missed
      now_ - event_lost_at_ > kAudit) {
    if (known.young_since == kNever) known.young_since = now_;
    known.young_listed = listed;
    known.young_refers = refers;
    note(Feature::young_page_emptied);
  } else {
    // What an entry that cannot be used may have meant stays.
    known.listed = listed | (known.listed & h.listed & h.unusable);
    known.refers = refers;
    known.young_since = kNever;
    known.any = known.remembered = true;
    if (listed.any()) known.full_at = now_;
  }
  update_truth();
}

// stafd lost what it knew; stacd may still know, and nothing is removed by that.
void World::forget_pages() {
  for (auto& known : known_) known.remembered = false;
  announced_ever_ &= announced_;
  staf_resolved_.reset();
}

// --- files ---

namespace {

// The first line of the file as written is bad: what could it have meant of what was there before?
template <class Lines>
Lines could_be_meant(const Lines& before, const Lines& now) {
  // A DC has no name but its address, and a host name may mean any; a subsystem has.
  constexpr bool any_address = std::is_same_v<Lines, DcLines>;
  Lines kept;
  std::size_t first = 0;
  while (first < now.size() && !now.test(first)) ++first;
  if (first == now.size()) return kept;
  const std::size_t group = first / kVariants;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before.test(i) && (i / kVariants == group || (any_address && first % kVariants == kByName))) kept.set(i);
  return kept;
}

template <class Lines>
Lines readable(Lines lines) {
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines.test(i)) {
      lines.reset(i);
      break;
    }
  return lines;
}

// The lines are in a section that nobody reads: what do they say of what was there before?
template <class Lines>
Lines could_be_meant_by_any(const Lines& before, const Lines& now) {
  Lines kept;
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (!now.test(i)) continue;
    Lines one;
    one.set(i);
    kept |= could_be_meant(before, one);
  }
  return kept;
}

}  // namespace

void World::know_stafd(Fault fault, bool at_start) {
  if (fault == Fault::include) fault = Fault::none;
  // A misspelt section that has no lines hides nothing.
  if (fault == Fault::section && staf_file_.lines.none() && staf_file_.excludes.none()) fault = Fault::none;
  const DcLines before = staf_force_.lines;
  if (fault != Fault::none) {
    note(at_start ? Feature::fault_at_start : Feature::fault_at_reload);
    note(fault == Fault::absent                        ? Feature::fault_absent
         : fault == Fault::key || fault == Fault::port ? Feature::fault_broken_line
                                                       : Feature::fault_value);
  }
  if (!at_start && stafd_.who != who_ && !devices_.empty()) {
    identity_changed_ = true;
    note(Feature::identity_changed_while_connected);
  }
  staf_doubt_ = fault != Fault::none;
  if (!is_whole(fault)) {
    const auto family = staf_force_.family;
    staf_force_ = staf_file_;
    if (fault == Fault::value) staf_force_.family = at_start ? 0 : family;
    if (fault == Fault::key || fault == Fault::port)
      staf_force_.lines = readable(staf_file_.lines) | could_be_meant(before, staf_file_.lines);
    staf_may_exclude_ = staf_file_.excludes;
  } else {
    if (fault == Fault::section) staf_force_.lines = could_be_meant_by_any(before, staf_file_.lines);
    if (fault == Fault::section || fault == Fault::unclosed) {
      staf_may_exclude_ |= staf_file_.excludes;
    }
    if (fault == Fault::section) {
      staf_force_.family = staf_file_.family;
      staf_force_.ignore_iface = staf_file_.ignore_iface;
      staf_force_.short_persistence = staf_file_.short_persistence;
    } else if (at_start)
      staf_force_.family = 0;
    if (at_start) staf_force_.short_persistence = staf_force_.short_persistence || staf_file_.short_persistence;
  }
  for (std::size_t line = 0; line < staf_force_.lines.size(); ++line)
    if (staf_force_.lines.test(line)) ever_had_dc_line_.set(line / kVariants);
  staf_ignored_iface_ = staf_ignored_iface_ || staf_force_.ignore_iface;
  // A name that no line has is forgotten.
  for (int host = 0; host < kHosts; ++host)
    if (!staf_force_.lines.test(z(host * kVariants + kByName))) staf_resolved_.reset(z(host));
  // The end of a controller= line counts although it was announced long ago.
  for (int host = 0; host < kHosts; ++host)
    for (int variant = 0; variant < kVariants; ++variant) {
      const auto line = z(host * kVariants + variant);
      const int unique = variant == kSpecial ? 1 : 0;
      const bool same = staf_ignored_iface_ || identity_changed_ || kVariantIface[variant] == route_of(host);
      const auto i = z(host * 2 + unique);
      if (!before.test(line) || staf_force_.lines.test(line) || announced_.test(i) || !announced_ever_.test(i))
        continue;
      given_up_.set(z(host));  // whether it stays is not judged
      if (same) announced_ever_.reset(i);
    }
  update_truth();
}

// Which listed controllers include= lines let in.
void World::know_includes(Fault fault, bool at_start) {
  for (std::size_t line = 0; line < stac_file_.lines.size(); ++line)
    if (stac_file_.lines.test(line)) ever_had_line_.set(line / kVariants);
  const Paths& lines = stac_file_.includes;
  const Paths all = ~Paths();
  if (!is_whole(fault)) {
    stac_may_let_in_ = stac_lets_in_ = lines.none() ? all : lines;
    if (fault != Fault::include) return;
    stac_lets_in_ = readable(lines);
    if (lines.count() == 1) stac_may_let_in_ = all;
  } else if (fault == Fault::section) {
    stac_may_let_in_ = all;
    stac_lets_in_ = lines.none() ? all : Paths();
  } else if (at_start) {
    stac_may_let_in_ = all;
    stac_lets_in_ = fault != Fault::unclosed || lines.none() ? all : lines;
  }
}

void World::know_stacd(Fault fault, bool at_start) {
  if (fault == Fault::include && stac_file_.includes.none()) fault = Fault::none;
  if (fault == Fault::section && stac_file_.lines.none() && stac_file_.excludes.none() && stac_file_.includes.none())
    fault = Fault::none;
  know_includes(fault, at_start);
  stac_ignored_iface_ = stac_ignored_iface_ || stac_file_.ignore_iface;
  const IocLines before = stac_force_.lines;
  if (fault != Fault::none) {
    note(at_start ? Feature::fault_at_start : Feature::fault_at_reload);
    note(fault == Fault::absent                        ? Feature::fault_absent
         : fault == Fault::key || fault == Fault::port ? Feature::fault_broken_line
                                                       : Feature::fault_value);
  }
  if (!at_start && stacd_.who != who_ && !devices_.empty()) {
    identity_changed_ = true;
    note(Feature::identity_changed_while_connected);
  }
  stac_doubt_ = fault != Fault::none;
  // A file that is not understood whole may add, and does, what can be read.
  for (std::size_t i = 0; i < stac_file_.lines.size() && stac_doubt_; ++i)
    if (stac_file_.lines.test(i)) {
      const std::size_t path = i / kVariants;
      ever_ours_.set(path * 2 + (i % kVariants == kSpecial && !is_fc(static_cast<int>(path % kSubs)) ? 1 : 0));
    }
  started_in_doubt_ = started_in_doubt_ || (at_start && stac_doubt_);
  if (!is_whole(fault)) {
    const auto old = stac_force_;
    stac_force_ = stac_file_;
    const bool unknown = std::exchange(scope_unknown_, false);
    if (fault == Fault::value) {
      stac_force_.scope = old.scope;
      stac_force_.family = at_start ? 0 : old.family;
      scope_unknown_ = at_start || unknown;
    }
    if (fault == Fault::key || fault == Fault::port)
      stac_force_.lines = readable(stac_file_.lines) | could_be_meant(before, stac_file_.lines);
    stac_may_exclude_ = stac_file_.excludes;
    return update_truth();
  }
  if (fault == Fault::section) stac_force_.lines = could_be_meant_by_any(before, stac_file_.lines);
  if (fault == Fault::section || fault == Fault::unclosed) {
    stac_may_exclude_ |= stac_file_.excludes;
    if (fault == Fault::section || at_start) {
      stac_force_.scope = stac_file_.scope;
      stac_force_.all_trtypes = stac_file_.all_trtypes;
      stac_force_.ignore_iface = stac_file_.ignore_iface;
    }
  }
  if (fault == Fault::section) {
    stac_force_.family = stac_file_.family;
    scope_unknown_ = false;
  }
  if (at_start) {
    if (fault != Fault::section) stac_force_.family = 0;
    scope_unknown_ = fault != Fault::section && fault != Fault::unclosed;
  }
  update_truth();
}

// What is not connected is not saved: a stacd that cannot read its file afterwards does not know of it.
void World::forget_unconnected_lines() {
  for (std::size_t i = 0; i < stac_force_.lines.size(); ++i)
    if (std::none_of(devices_.begin(), devices_.end(), [&](const auto& item) {
          return item.second.io && item.second.path == static_cast<int>(i / kVariants);
        }))
      stac_force_.lines.reset(i);
  update_truth();
}

// --- announcements ---

// Under a name that it was announced under, connected or parked.
bool World::is_announced_there(int host, int unique) const {
  const auto is_there = [&](int iface) {
    const int name = dc_name(host, iface, unique);
    return parked_.test(z(name)) ||
           std::ranges::any_of(devices_, [&](const auto& item) { return means_dc(name, item.second); });
  };
  return is_there(route_of(host)) || ((staf_ignored_iface_ || identity_changed_) && is_there(0));
}

void World::forget_announcements() {
  for (std::size_t i = 0; i < announced_ever_.size(); ++i) {
    if (announced_.test(i)) {
      announced_ever_.set(i, stafd_.brain != nullptr || announced_ever_.test(i));
      silent_since_[i] = now_;
      continue;
    }
    if (!announced_ever_.test(i)) continue;
    // While it is connected it is not given up.
    const int host = static_cast<int>(i) / 2;
    if (is_announced_there(host, static_cast<int>(i) % 2)) {
      silent_since_[i] = now_;
    } else if (staf_force_.short_persistence && now_ - silent_since_[i] >= kShortPersistence - seconds(1)) {
      announced_ever_.reset(i);
      given_up_.set(z(host));
      note(Feature::persistence_over);
    }
    if (!usable_dc(host)) {
      announced_ever_.reset(i);
      given_up_.set(z(host));
    }
  }
}

// --- what is wanted ---

bool World::usable_dc(int host) const {
  return !staf_may_exclude_.test(z(host)) && (staf_force_.family == 0 || staf_force_.family == (is_v6(host) ? 6 : 4));
}

bool World::usable_ioc(int path) const {
  return !stac_may_exclude_.test(z(path)) &&
         (stac_force_.family == 0 || is_fc(path % kSubs) || stac_force_.family == (is_v6(path / kSubs) ? 6 : 4));
}

bool World::is_dc_there(int host) const {
  return std::ranges::any_of(devices_, [&](const auto& item) { return !item.second.io && item.second.host == host; });
}

bool World::is_dc_live(int host) const {
  return std::ranges::any_of(devices_, [&](const auto& item) {
    return !item.second.io && item.second.host == host && item.second.device.state == "live";
  });
}

// It lists the path, or refers to somebody who does, or who refers to one, and so on.
bool World::leads_to(const Known& known, int path) const {
  HostSet seen;
  std::vector<const Known*> todo{&known};
  while (!todo.empty()) {
    const Known& next = *todo.back();
    todo.pop_back();
    if (next.listed.test(z(path))) return true;
    for (int host = 0; host < kHosts; ++host)
      if ((next.refers.test(z(host * 2)) || next.refers.test(z(host * 2 + 1))) && !seen.test(z(host))) {
        seen.set(z(host));
        todo.push_back(&known_[z(host)]);
      }
  }
  return false;
}

// Was the page read over a connection that this name means?
bool World::is_read(const Known& known, int name) {
  for (int iface = 0; iface < kIfaces; ++iface) {
    if (iface_of_dc(name) != 0 && iface_of_dc(name) != iface) continue;
    if (known.over.test(z(iface * 2 + 1)) || (unique_of_dc(name) == 0 && known.over.test(z(iface * 2)))) return true;
  }
  return false;
}

// Discovery controllers that a line or an announcement names, and what they refer to.
DcNames World::entitled_dcs(bool with_doubtful, bool with_excluded) const {
  DcNames entitled;
  std::vector<int> todo;
  const auto add = [&](int host, int iface, int unique) {
    if (staf_force_.ignore_iface) iface = 0;
    const int name = dc_name(host, iface, unique);
    if ((!with_excluded && !usable_dc(host)) || entitled.test(z(name))) return;
    entitled.set(z(name));
    todo.push_back(name);
  };
  for (int host = 0; host < kHosts; ++host) {
    for (int variant = 0; variant < kVariants; ++variant)
      if ((staf_force_.lines.test(z(host * kVariants + variant)) ||
           // A file that is not understood whole may add, and does, what can be read.
           (with_doubtful && staf_doubt_ && staf_file_.lines.test(z(host * kVariants + variant)))) &&
          // A name that never resolved may mean it; whoever waits for that does not wait for ever.
          (with_doubtful || variant != kByName || staf_resolved_.test(z(host))))
        add(host, kVariantIface[variant], variant == kSpecial ? 1 : 0);
    for (const int unique : {0, 1}) {
      const auto i = z(host * 2 + unique);
      if (!announced_ever_.test(i)) continue;
      // What is silent keeps the name it was announced under, be that with or without an interface.
      const bool unclear =
          !announced_.test(i) && ((staf_ignored_iface_ && !staf_force_.ignore_iface) || identity_changed_);
      if (!unclear || with_doubtful) add(host, route_of(host), unique);
      if (unclear && with_doubtful) add(host, 0, unique);
    }
  }
  while (!todo.empty()) {
    const int name = todo.back();
    todo.pop_back();
    const auto& known = known_[z(host_of_dc(name))];
    if (((known.duplicates || never_read_.test(z(name))) && !with_doubtful) || !is_read(known, name)) continue;
    for (int i = 0; i < kHosts * 2; ++i)
      if (known.refers.test(z(i))) add(i / 2, iface_of_dc(name), i % 2);
  }
  return entitled;
}

IocNames World::wanted_iocs(const DcNames& dcs, bool with_refused) const {
  IocNames wanted;
  const auto add = [&](int path, int iface, int other) {
    if (!with_refused && !usable_ioc(path)) return;
    if ((stac_force_.ignore_iface && !is_fc(path % kSubs)) || is_rdma(path % kSubs)) iface = 0;
    wanted.set(z(ioc_name(path, iface, other)));
  };
  for (std::size_t i = 0; i < stac_force_.lines.size(); ++i)
    if (stac_force_.lines.test(i)) {
      const int variant = static_cast<int>(i % kVariants);
      const int path = static_cast<int>(i / kVariants);
      const bool fc = is_fc(path % kSubs);
      add(path, fc ? 1 : kVariantIface[variant], variant == kSpecial && !fc ? 1 : 0);
    }
  for (int name = 0; name < static_cast<int>(kDcNames); ++name) {
    if (!dcs.test(z(name))) continue;
    const auto& known = known_[z(host_of_dc(name))];
    if (!is_read(known, name)) continue;
    for (int path = 0; path < static_cast<int>(kPaths); ++path)
      if (known.listed.test(z(path)) && (with_refused || stac_may_let_in_.test(z(path))))
        add(path, is_fc(path % kSubs) ? 0 : iface_of_dc(name), 0);
  }
  return wanted;
}

bool World::means_ioc(int name, const KernelDevice& device) {
  return device.io && path_of_ioc(name) == device.path && other_of_ioc(name) == other_of_ioc(device.name) &&
         (iface_of_ioc(name) == device.iface || (iface_of_ioc(name) == 0 && !is_fc(device.path % kSubs)));
}

bool World::means_dc(int name, const KernelDevice& device) {
  return !device.io && host_of_dc(name) == device.host &&
         (iface_of_dc(name) == 0 || iface_of_dc(name) == device.iface) &&
         (unique_of_dc(name) == 0 || device.device.subsysnqn == unique_nqn_of(device.host));
}

// Each connection has its own page. A name that comes when there is none which it means has none either, unless what
// it was called before has.
void World::note_new(const DcNames& dcs, const DcNames& before) {
  for (std::size_t i = 0; i < kDcNames; ++i) {
    if (!dcs.test(i) || before.test(i) || staf_ignored_iface_ || identity_changed_) continue;
    if (now_ - dc_must_left_[i] <= kForgotten) continue;  // it has not been given up
    never_read_.set(i, std::ranges::none_of(devices_, [&](const auto& item) {
                      return item.second.ever_read && means_dc(static_cast<int>(i), item.second);
                    }));
  }
}

void World::update_truth() {
  forget_announcements();
  for (int host = 0; host < kHosts; ++host) {
    auto& known = known_[z(host)];
    // Who is lost before it is read again says nothing.
    if (!is_dc_live(host)) known.young_since = kNever;
    if (known.young_since == kNever || now_ - known.young_since < kYoungHold) continue;
    known.listed = known.young_listed;
    known.refers = known.young_refers;
    known.young_since = kNever;
  }
  const DcNames dcs = entitled_dcs(true);
  note_new(dcs, dc_wanted_);
  note_new(entitled_dcs(false), dc_must_);
  const DcNames must = std::exchange(dc_must_, entitled_dcs(false));
  for (std::size_t name = 0; name < kDcNames; ++name)
    if (must.test(name) && !dc_must_.test(name)) dc_must_left_[name] = now_;
  HostSet entitled;
  for (std::size_t name = 0; name < kDcNames; ++name) {
    if (dcs.test(name)) entitled.set(z(host_of_dc(static_cast<int>(name))));
    if (dcs.test(name) == dc_wanted_.test(name)) continue;
    (dcs.test(name) ? dc_since_ : dc_left_)[name] = now_;
    if (dcs.test(name))
      for (int who = 0; who < 3; ++who) stafd_.attempts[attempt_key(static_cast<int>(name), who)].excused = true;
  }
  dc_wanted_ = dcs;
  dc_ever_ |= dcs;
  for (std::size_t host = 0; host < kHosts; ++host) {
    auto& known = known_[host];
    if (entitled.test(host)) {
      known.unentitled_since = kNever;
    } else if (known.unentitled_since == kNever) {
      known.unentitled_since = now_;
    } else if (now_ - known.unentitled_since >= kForgotten && known.any &&
               (!is_dc_there(static_cast<int>(host)) ||
                (!usable_dc(static_cast<int>(host)) && deletes_ == Deletes::work))) {
      known = Known{};
      known.unentitled_since = Instant{};
    }
  }
  const IocNames iocs = wanted_iocs(dcs);
  for (std::size_t name = 0; name < kIocNames; ++name) {
    if (iocs.test(name))
      ever_ours_.set(z(path_of_ioc(static_cast<int>(name)) * 2 + other_of_ioc(static_cast<int>(name))));
    if (iocs.test(name) && !ioc_wanted_.test(name)) ioc_since_[name] = now_;
  }
  ioc_wanted_ = iocs;
  ioc_must_ = wanted_iocs(dc_must_ & ~never_read_);
  for (auto& [name, device] : devices_) {
    bool meant = false;
    if (device.io) {
      for (int i = 0; i < kIfaces && !meant; ++i) {
        const int ioc = ioc_name(device.path, i, other_of_ioc(device.name));
        meant = iocs.test(z(ioc)) && means_ioc(ioc, device);
        device.ours =
            device.ours ||
            (meant && told_.test(z(ioc)) && stacd_.brain && device.device.hostnqn == identity(stacd_.who).nqn &&
             !(device.by_admin && is_served(ioc, device)) &&
             now_ - std::max({device.live_since, stacd_.started, told_since_[z(ioc)]}) > kSeen);
      }
    } else {
      for (int i = 0; i < kIfaces * 2 && !meant; ++i) {
        const int dc = dc_name(device.host, i / 2, i % 2);
        meant = dcs.test(z(dc)) && means_dc(dc, device);
        // What somebody makes beside a connection that serves the name stays his.
        device.ours = device.ours || (meant && stafd_.brain && device.device.hostnqn == identity(stafd_.who).nqn &&
                                      !(device.by_admin && is_served(dc, device)) &&
                                      now_ - std::max({device.live_since, stafd_.started, dc_since_[z(dc)]}) > kSeen);
      }
    }
    if (meant)
      device.unmeant_since = kNever;
    else if (device.unmeant_since == kNever)
      device.unmeant_since = now_;
    const bool stays = scope_unknown_ || stac_force_.scope == DisconnectScope::no_disconnect ||
                       (stac_force_.scope == DisconnectScope::all_connections_matching_disconnect_trtypes &&
                        !stac_force_.all_trtypes && device.device.transport != "tcp");
    device.unwanted = device.unwanted || (!meant && device.io && stays && !stac_force_.excludes.test(z(device.path)));
    device.released = device.released || device.unwanted;
  }
}

}  // namespace stas::model
