// SPDX-License-Identifier: Apache-2.0
//
// What must have happened after some time without news, and in the end: what is wanted is connected, what is not is
// gone, pages are fresh, tables hold nothing that nobody asked for, and a restart of both daemons changes nothing.
#include <algorithm>

#include "stacd/explain.h"
#include "stafd/explain.h"
#include "tests/model/bridge.h"
#include "tests/model/world.h"

namespace stas::model {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kPrompt = seconds(5);     // what never failed is connected after that
constexpr Duration kPatient = seconds(100);  // the longest back-off, a kernel that reconnects, and the way
constexpr Duration kGone = seconds(130);  // what was removed is gone after that: soaks, retries, two make before break
constexpr Duration kNameHold = minutes(12);         // ... when a host name that does not resolve may mean it
constexpr Duration kHeirHold = minutes(12);         // ... when what referred to it has a name that was not read
constexpr Duration kParkedPage = minutes(20);       // ... when a page that is read every 15 minutes listed it
constexpr Duration kRepair = seconds(130);          // a lost event is found by the audit
constexpr unsigned kTold = 2000, kToldByStep = 10;  // messages at info or above in one history, no more

constexpr int kVariantIface[kVariants] = {0, 1, 2, 0, 0};

std::size_t z(int i) { return static_cast<std::size_t>(i); }

}  // namespace

// Nothing is broken on purpose.
bool World::is_quiet() const {
  return stafd_.brain && stacd_.brain && !lossy_ && !hanging_ && deletes_ == Deletes::work && !staf_doubt_ &&
         !stac_doubt_ && now_ - event_lost_at_ > kRepair;
}

bool World::reachable(bool io, int name) const {
  const int host = io ? path_of_ioc(name) / kSubs : host_of_dc(name);
  if (!can_connect(io, name)) return false;
  // Whoever has not seen the entry before it became unusable does not know of it.
  for (const auto& lister : hosts_)
    if (io && lister.unusable.test(z(path_of_ioc(name)))) return false;
  if (io) return !(stac_force_.ncc_attempts > 0 && hosts_[z(host)].ncc.any()) && !told_ncc_.test(z(path_of_ioc(name)));
  return true;
}

// By any device that may serve it; which interface an unbound one uses is the kernel's choice.
bool World::is_connected(bool io, int name, bool live) const {
  return std::any_of(devices_.begin(), devices_.end(), [&](const auto& item) {
    const auto& device = item.second;
    if (device.io != io || (live && device.device.state != "live")) return false;
    const int iface = io ? iface_of_ioc(name) : iface_of_dc(name);
    const bool source = io && is_fc(device.path % kSubs)
                            ? iface == device.iface
                            : iface == 0 || iface == device.iface || device.device.host_iface.empty();
    if (io) return source && device.path == path_of_ioc(name) && other_of_ioc(device.name) == other_of_ioc(name);
    return source && device.host == host_of_dc(name);
  });
}

bool World::is_path_wanted(int name) const {
  for (int iface = 0; iface < kIfaces; ++iface)
    if (ioc_wanted_.test(z(ioc_name(path_of_ioc(name), iface, other_of_ioc(name))))) return true;
  return false;
}

// A host name that has no address may mean what is there.
bool World::awaits_name(bool io) const {
  for (int host = 0; host < kHosts; ++host) {
    const int family = io ? stac_force_.family : staf_force_.family;
    const bool disabled = family != 0 && family != (is_v6(host) ? 6 : 4);
    const auto answers = resolver_[z(host)];
    if (!disabled && (answers == Resolver::works || answers == Resolver::two || answers == Resolver::other)) continue;
    for (int path = host * kSubs; io && path < (host + 1) * kSubs; ++path)
      if (stac_force_.lines.test(z(path * kVariants + kByName))) return true;
    if (!io && staf_force_.lines.test(z(host * kVariants + kByName))) return true;
  }
  return false;
}

// A discovery controller that referred to it is wanted under a name that has not been read.
bool World::awaits_heir(int host, int depth) const {
  for (std::size_t name = 0; name < kDcNames; ++name) {
    const int parent = host_of_dc(static_cast<int>(name));
    const auto& known = known_[z(parent)];
    if (!known.refers.test(z(host * 2)) && !known.refers.test(z(host * 2 + 1))) continue;
    if (dc_wanted_.test(name) && !is_read(known, static_cast<int>(name))) return true;
    if (parent != host && depth < kHosts && awaits_heir(parent, depth + 1)) return true;  // it is kept, so what it says
  }
  return false;
}

// Something was forgotten, and with it perhaps that it is not wanted.
bool World::may_be_kept(const KernelDevice& device) const {
  if (!amnesia_) return false;
  if (!device.io || stacd_forgot_) return true;
  for (int host = 0; host < kHosts; ++host)
    if (ever_listed_[z(host)].test(z(device.path)) && !known_[z(host)].remembered) return true;
  // So may be who leads to it.
  return std::ranges::any_of(devices_, [&](const auto& item) {
    return !item.second.io && item.second.unmeant_since != kNever && leads_to(known_[z(item.second.host)], device.path);
  });
}

// Who listed it, or referred to it, has a name that is wanted and cannot be read now.
bool World::may_be_unread(const KernelDevice& device) const {
  for (std::size_t i = 0; i < kDcNames; ++i) {
    const int name = static_cast<int>(i);
    const auto host = z(host_of_dc(name));
    bool named = device.io ? ever_listed_[host].test(z(device.path)) || leads_to(known_[host], device.path)
                           : ever_referred_[host].test(z(device.host));
    for (std::size_t child = 0; device.io && child < kHosts; ++child)
      named = named || (ever_referred_[host].test(child) && ever_listed_[child].test(z(device.path)));
    if (!named || !dc_wanted_.test(i)) continue;
    if (parked_.test(i)) {
      if (now_ - device.unmeant_since < kParkedPage) return true;  // what it said when it was read last
      continue;
    }
    if (hosts_[host].fails_reads) return true;
    if (std::ranges::none_of(devices_, [&](const auto& item) {
          return means_dc(name, item.second) && item.second.device.state == "live";
        }))
      return true;
  }
  return false;
}

// In use, and no path to it stays that something means.
bool World::may_be_guarded(const KernelDevice& device) const {
  if (!used_.test(z(device.path)) || stacd_.config->disconnect_guard != DisconnectGuard::hold) return false;
  return std::none_of(devices_.begin(), devices_.end(), [&](const auto& item) {
    const KernelDevice& other = item.second;
    return other.io && other.path == device.path && other.device.state == "live" && other.unmeant_since == kNever;
  });
}

// A connection that works, and leaves this host as the name does, has a page that refers to it; and what it is called
// there is a name for the same reason, or by itself.
bool World::is_referred_live(int name, int depth) const {
  const int iface = iface_of_dc(name);
  const auto is_name = [&](int parent, const KernelDevice& dc) {
    return dc_must_.test(z(parent)) && means_dc(parent, dc) &&
           (!is_only_referred(parent) || (depth < kHosts && is_referred_live(parent, depth + 1)));
  };
  return std::ranges::any_of(devices_, [&](const auto& item) {
    const KernelDevice& dc = item.second;
    return !dc.io && dc.device.state == "live" && (iface == 0 || dc.iface == iface) &&
           known_[z(dc.host)].refers.test(z(host_of_dc(name) * 2 + unique_of_dc(name))) &&
           (is_name(dc_name(dc.host, iface, 0), dc) || is_name(dc_name(dc.host, iface, 1), dc));
  });
}

bool World::is_host_wanted(int host) const {
  for (std::size_t name = 0; name < kDcNames; ++name)
    if (dc_wanted_.test(name) && host_of_dc(static_cast<int>(name)) == host) return true;
  return false;
}

// Under a new identity its parent is another name, whose page nobody knows yet.
bool World::is_only_referred(int name) const {
  const int host = host_of_dc(name), iface = iface_of_dc(name), unique = unique_of_dc(name);
  if (announced_.test(z(host * 2 + unique)) && iface == (staf_force_.ignore_iface ? 0 : route_of(host))) return false;
  for (int variant = 0; variant < kVariants; ++variant)
    if (staf_force_.lines.test(z(host * kVariants + variant)) &&
        (staf_force_.ignore_iface ? 0 : kVariantIface[variant]) == iface && (variant == kSpecial) == (unique != 0))
      return false;
  return true;
}

void World::watch() {
  if (!violation_.empty()) return;
  check_promise();
  if (const unsigned most = kTold + kToldByStep * steps_; messages_ > most)
    violate("voice", "more than " + std::to_string(most) + " messages in " + std::to_string(steps_) + " steps");
  if (!is_quiet()) return;
  Instant calm = std::max({disturbed_, hung_until_, slow_name_until_, gone_at_, stafd_.started, stacd_.started});
  for (const Host& host : hosts_) calm = std::max(calm, host.young_until);
  const auto check = [&](auto& daemon, bool io, int name, Instant since) {
    if (!reachable(io, name) || is_connected(io, name, false)) return;  // the kernel tries again by itself
    if (!io && may_be_parked(name)) return watch_parked(name, std::max(since, calm));
    const auto answers = resolver_[z(io ? path_of_ioc(name) / kSubs : host_of_dc(name))];
    if (is_named(io, name) && (answers == Resolver::fails || answers == Resolver::moved)) return;
    bool prompt = true;
    for (const auto& [key, attempts] : daemon.attempts) {
      const int other = name_of_attempt(key);
      // One host, whose back-off is that of all names of its discovery controller.
      const bool same = io ? other == name : host_of_dc(other) == host_of_dc(name);
      prompt = prompt && (!same || attempts.last == Instant{});
    }
    const bool slow_name =
        std::any_of(resolver_.begin(), resolver_.end(), [](Resolver how) { return how != Resolver::works; });
    const Duration bound = prompt && !slow_name ? kPrompt : kPatient;
    if (now_ - std::max(since, calm) > bound)
      violate("slow", "wanted, reachable and not connected: " +
                          (io ? tid_of_ioc(name, who_) : tid_of_dc(name, who_)).to_string());
  };
  for (int name = 0; name < static_cast<int>(kDcNames); ++name)
    if (dc_must_.test(z(name)) && !amnesia_ &&
        !(is_only_referred(name) && (identity_changed_ || !is_referred_live(name))))
      check(stafd_, false, name, dc_since_[z(name)]);
  for (int name = 0; name < static_cast<int>(kIocNames); ++name)
    if (told_.test(z(name)) && ioc_wanted_.test(z(name)))
      check(stacd_, true, name, std::max(ioc_since_[z(name)], told_since_[z(name)]));
  watch_pages(calm);
  watch_talk();
  watch_bindings();
  watch_ncc(calm);
  watch_excluded(calm);
  // What is foreign by now may be on a page that nobody could read yet.
  const bool unread =
      std::ranges::any_of(*pages_of(*stafd_.brain, legacy_).dcs, [](const StafDc& dc) { return !dc.page_known; });
  for (const auto& [name, device] : devices_) {
    const Duration bound = awaits_name(device.io) ? kNameHold : kGone;
    if (device.unmeant_since == kNever || now_ - std::max(device.unmeant_since, calm) < bound) continue;
    if (!ours_.contains(device.device.ref.incarnation) || given_up_.any() || may_be_kept(device)) continue;
    if (may_be_unread(device) || (device.io && is_asked_as_another(device.path, device.device.hostnqn))) continue;
    if (device.device.state != "live" || device.live_since > device.unmeant_since) continue;
    if (!device.io && (device.released || admins_dc_.test(z(device.host)))) {
      // perhaps the other one was taken for it, or it for another one
    } else if (!device.io && now_ - device.unmeant_since < kHeirHold && awaits_heir(device.host)) {
      // what referred to it has another name, whose page is awaited
    } else if (!device.io && identity_changed_ && is_host_wanted(device.host)) {
      // it goes on under the name that it was connected under
    } else if (!device.io) {
      violate("kept", "a DC stays that nobody wants: " + name + " " + device.device.traddr);
    } else if (may_be_guarded(device)) {
      note(Feature::guard_kept);
    } else if (stac_force_.scope == DisconnectScope::no_disconnect && !stac_force_.excludes.test(z(device.path))) {
      note(Feature::scope_kept);
    } else if (stac_force_.scope == DisconnectScope::all_connections_matching_disconnect_trtypes &&
               !stac_force_.all_trtypes && device.device.transport != "tcp") {
      note(Feature::trtype_kept);
    } else if (!unread && (stac_force_.scope == DisconnectScope::all_connections_matching_disconnect_trtypes ||
                           (!amnesia_ && !device.released && !device.orphan &&
                            now_ - std::max(device.unmeant_since, calm) >= kNameHold))) {
      violate("kept", "a connection stays that nobody wants: " + name + " " + device.device.subsysnqn);
    }
  }
}

// --- the end ---

void World::check_devices_in_the_end() {
  for (int name = 0; name < static_cast<int>(kIocNames); ++name)
    if (ioc_must_.test(z(name)) && !amnesia_ && !ever_duplicates_ && reachable(true, name) &&
        !is_connected(true, name, true))
      violate("end", "not connected: " + tid_of_ioc(name, who_).to_string());
  for (int name = 0; name < static_cast<int>(kDcNames); ++name)
    if (dc_must_.test(z(name)) && !amnesia_ && reachable(false, name) && !may_be_parked(name) &&
        !is_connected(false, name, true))
      violate("end", "not connected: " + tid_of_dc(name, who_).to_string());
  for (auto a = devices_.begin(); a != devices_.end(); ++a) {
    for (auto b = std::next(a); b != devices_.end(); ++b) {
      const auto& x = a->second;
      const auto& y = b->second;
      if (x.io != y.io || x.iface != y.iface || x.by_admin || y.by_admin || x.orphan || y.orphan) continue;
      if (x.spared || y.spared) continue;
      if (x.device.hostnqn != y.device.hostnqn) continue;
      if (x.io ? x.path == y.path && other_of_ioc(x.name) == other_of_ioc(y.name)
               : x.host == y.host && x.device.subsysnqn == y.device.subsysnqn)
        violate("twice", a->first + " and " + b->first + " are the same connection");
    }
    const auto& device = a->second;
    if (!device.io) {
      const bool alias = std::any_of(devices_.begin(), devices_.end(), [&](const auto& other) {
        return !other.second.io && other.second.host == device.host && other.first != a->first;
      });
      if (alias) note(Feature::two_ifaces);
      int names = 0, plain = 0, unique = 0;
      for (int i = 0; i < kIfaces * 2; ++i)
        if (dc_wanted_.test(z(dc_name(device.host, i / 2, i % 2))) &&
            means_dc(dc_name(device.host, i / 2, i % 2), device)) {
          ++names;
          (i % 2 == 0 ? plain : unique) += 1;
        }
      if (plain > 0 && unique > 0) note(Feature::alias_unique_nqn);
      if (names > 1 && (plain > 1 || unique > 1)) note(Feature::alias_iface);
      const bool used = names > 0 && !amnesia_ && !alias && !device.orphan && device.device.state == "live";
      const std::string symname = other_symname_ ? "rack-2" : "rack-1";
      if (used && (is_cdc(device.host) || knows_pleo(device.host)) && device.registered != symname &&
          ours_.contains(device.device.ref.incarnation))
        violate("register", a->first + " does not know the symbolic name: \"" + device.registered + "\"");
    }
  }
}

void World::check_pages_in_the_end() {
  const auto pages = pages_of(*stafd_.brain, false);
  for (const auto& dc : *pages.dcs) {
    const auto name = find_dc(dc.tid);
    if (!name || !dc_must_.test(z(*name))) continue;
    if (!is_connected(false, *name, true) && !parked_.test(z(*name))) continue;
    if (!dc.page_known) violate("page", "not known in the end: " + dc.tid.to_string());
    const auto& host = hosts_[z(host_of_dc(*name))];
    // Beside an entry that cannot be used, what it may have meant stays.
    if ((host.listed & host.unusable).none() && dc.entries != entries_of(host_of_dc(*name)))
      violate("page", "stale in the end: " + dc.tid.to_string());
    if (host_of_dc(*name) != 0 && dc.origin == "referral") note(Feature::referral_followed);
    if (hosts_[z(host_of_dc(*name))].duplicates) note(Feature::duplicate_referral);
  }
}

// An entry that nobody can use may mean it.
bool World::may_be_unusable(int path) const {
  return std::ranges::any_of(
      hosts_, [&](const Host& host) { return host.listed.test(z(path)) && host.unusable.test(z(path)); });
}

// Whoever listed it is asked under another host NQN, and says nothing of what it lists for this one.
bool World::is_asked_as_another(int path, const std::string& host_nqn) const {
  for (int host = 0; host < kHosts; ++host) {
    if (!ever_listed_[z(host)].test(z(path))) continue;
    const auto connected = [&](bool as_this_one) {
      return std::ranges::any_of(devices_, [&](const auto& item) {
        const KernelDevice& dc = item.second;
        return !dc.io && dc.host == host && (dc.device.hostnqn == host_nqn) == as_this_one;
      });
    };
    if (connected(false) || (identity(stafd_.who).nqn != host_nqn && !connected(true))) return true;
  }
  return false;
}

// Whatever came and went, nothing of it stays in the tables.
void World::check_tables_in_the_end() {
  if (amnesia_ || given_up_.any()) return;
  // What is connected goes on under its name, and what it refers to with it.
  const auto has_old_name = [&](const Tid& tid) {
    return staf_ignored_iface_ && (identity_changed_ || tid.host_nqn() != identity(stafd_.who).nqn);
  };
  // What one refers to that is kept since it was announced.
  Referrals kept;
  for (int host = 0; host < kHosts; ++host)
    for (const int unique : {0, 1})
      if (announced_ever_.test(z(host * 2 + unique)) && !announced_.test(z(host * 2 + unique)))
        kept |= known_[z(host)].refers;
  for (const auto& dc : stafd_.brain->controllers())
    if (const auto name = find_dc(dc.tid);
        name && !has_old_name(dc.tid) && !dc_wanted_.test(z(*name)) &&
        // Its connection keeps the name that it was made under.
        !(identity_changed_ && dc_wanted_.test(z(dc_name(host_of_dc(*name), 0, unique_of_dc(*name))))) &&
        !(announced_ever_ | kept).test(z(host_of_dc(*name) * 2 + unique_of_dc(*name))))
      violate("table", "stafd keeps what nobody wants: " + dc.tid.to_string());
  // One that is parked goes on under the new name at once, and what it listed for the old one stays.
  if (identity_changed_ && !gave_back_at_.empty()) return;
  for (const auto& ioc : stacd_.brain->controllers())
    if (const auto name = find_ioc(ioc.tid);
        name && announced_ever_ == announced_ && !is_asked_as_another(path_of_ioc(*name), ioc.tid.host_nqn()) &&
        !is_path_wanted(*name) && !may_be_unusable(path_of_ioc(*name)) &&
        ioc.tid.host_nqn() == identity(stacd_.who).nqn && stac_force_.scope == DisconnectScope::only_stas_connections &&
        usable_ioc(path_of_ioc(*name)))
      violate("table", "stacd keeps what nobody wants: " + ioc.tid.to_string());
}

void World::check_restart_changes_nothing() {
  const auto before = print();
  const auto orders = orders_;
  const bool reads_again = parked_.any();
  // A name keeps the address it had when it has none of an enabled family, and goes on trying it.
  bool tries_in_vain = false;
  for (int path = 0; path < static_cast<int>(kPaths); ++path)
    tries_in_vain = tries_in_vain || (!usable_ioc(path) && stac_force_.lines.test(z(path * kVariants + kByName)));
  const std::pair<const char*, int> steps[] = {
      {"stacd kill", 2}, {"stafd kill", 2}, {"stacd start", 3}, {"stafd start", 30}};
  for (const auto& [verb, pause] : steps) {
    step(verb);
    run_for(seconds(pause));
  }
  // What was being read when its reader was killed is nobody's, and not given back.
  if (!reads_again && print() != before) violate("restart", "changed the connections:\n" + before + "->\n" + print());
  const bool all_there = [&] {
    for (int name = 0; name < static_cast<int>(kIocNames); ++name)
      if (ioc_wanted_.test(z(name)) && !is_connected(true, name, true)) return false;
    for (int name = 0; name < static_cast<int>(kDcNames); ++name)
      if (dc_wanted_.test(z(name)) && !is_connected(false, name, true)) return false;
    // What stacd was told of by a stafd that remembers more than can be known.
    for (int name = 0; name < static_cast<int>(kIocNames); ++name)
      if (told_.test(z(name)) && !is_connected(true, name, true)) return false;
    return true;
  }();
  if (all_there && !reads_again && !tries_in_vain && orders_ != orders)
    violate("restart", "ordered connects or disconnects");
}

// Of each name somebody may ask why, and the answer is the line of the file that decides.
void World::check_explanations() {
  // What is known, and under which name, is not certain.
  const bool unusable = std::ranges::any_of(hosts_, [](const Host& host) { return host.unusable.any(); });
  const bool renamed =
      std::ranges::any_of(devices_, [&](const auto& item) { return item.second.device.hostnqn != identity(who_).nqn; });
  if (amnesia_ || ever_duplicates_ || identity_changed_ || renamed || who_ != 0 || announced_ever_ != announced_ ||
      unusable)
    return;
  const auto check = [this](const auto& brain, const Tid& tid, bool refused, const std::string& file,
                            const std::string& rule) {
    const auto answer = explain(brain, tid.to_string(), {"conf", "sys"}, now_);
    const auto found = std::ranges::find(answer.controllers, std::optional(tid), &Explanation::tid);
    // A line with a host name that has no address of an enabled family is known by that name alone.
    if (found == answer.controllers.end() && refused && file.find(".example;") != std::string::npos) return;
    if (found == answer.controllers.end()) return violate("explain", "nothing is known of " + tid.to_string());
    if ((found->verdict == "refused") != refused)
      return violate("explain", "it is said to be " + found->verdict + ": " + tid.to_string());
    const auto at = file.find(rule + "\n");
    const auto line =
        std::count(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(std::min(at, file.size())), '\n');
    const std::string place = at == std::string::npos ? "" : "conf:" + std::to_string(line + 1);
    const auto by =
        std::ranges::find_if(found->rules, [](const auto& one) { return one.text.starts_with("exclude="); });
    if ((by == found->rules.end() ? "" : by->place) != place)
      return violate("explain", "it is not said that " + place + " refuses " + tid.to_string());
    note(!refused ? Feature::explained : place.empty() ? Feature::explained_refused : Feature::explained_excluded);
  };
  const IocNames iocs = wanted_iocs(dc_must_, true), usable = wanted_iocs(dc_must_);
  for (int name = 0; name < static_cast<int>(kIocNames); ++name)
    if (iocs.test(z(name)))
      check(*stacd_.brain, tid_of_ioc(name, who_), !usable.test(z(name)), text_of(stac_file_, Fault::none),
            "exclude=nqn=" + subsystem_nqn_of(path_of_ioc(name)));
  const DcNames dcs = entitled_dcs(false, true);
  for (int name = 0; name < static_cast<int>(kDcNames); ++name)
    if (dcs.test(z(name)))
      check(*stafd_.brain, tid_of_dc(name, who_), !usable_dc(host_of_dc(name)), text_of(staf_file_, Fault::none),
            "exclude=transport=tcp;traddr=" + address_of(host_of_dc(name)));
}

void World::check_end() {
  check_devices_in_the_end();
  check_pages_in_the_end();
  check_tables_in_the_end();
  check_explanations();
  if (stafd_.brain->controllers().size() > kDcNames * 2 || stacd_.brain->controllers().size() > kIocNames * 2)
    violate("memory", "more controllers than there are names");
  if (stacd_.brain->last_known().iocs.size() > kIocNames * 2 || stafd_.brain->last_known().dcs.size() > kDcNames * 2)
    violate("memory", "more is saved than there are names");
  // Who forgot what was connected under another host NQN may learn of it by chance.
  if (!(amnesia_ && identity_changed_)) check_restart_changes_nothing();
}

}  // namespace stas::model
