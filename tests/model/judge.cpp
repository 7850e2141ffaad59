// SPDX-License-Identifier: Apache-2.0
//
// What an order or a message must not be, judged when it comes. Each violation begins with the law's short name.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "tests/model/world.h"

namespace stas::model {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kSoak = milliseconds(1500);
constexpr Duration kNameHold = seconds(55);
constexpr Duration kLongSoak = seconds(10);
// Longer than it takes from a page that was read to what stacd knows of it.
constexpr Duration kOnItsWay = seconds(5);
constexpr Duration kMakeBeforeBreak = seconds(55);  // 60 s, seen from a little before
constexpr Duration kFirstRetry = milliseconds(2600), kFirstDcRetry = milliseconds(2200);  // 3 s less the jitter
constexpr double kGrowth = 0.88, kDcGrowth = 0.72;
constexpr Duration kEncourage = seconds(55);  // 60 s, seen from a little before
constexpr Duration kInARow = seconds(60);
constexpr unsigned kMostInARow = 10;  // a page that may be young is read again every few seconds

std::size_t z(int i) { return static_cast<std::size_t>(i); }

bool is_good_news(std::string_view text) {
  constexpr std::array<std::string_view, 6> words{"established", "restored",  "Received",
                                                  "again",       "Took over", "Removed"};
  return std::any_of(words.begin(), words.end(), [&](auto word) { return text.find(word) != std::string_view::npos; });
}

}  // namespace

void World::violate(const char* law, const std::string& text) {
  if (is_expected(law) || !violation_.empty()) return;
  log(std::string("VIOLATION ") + law + ": " + text);
  violation_ = journal_.back();
}

// --- disconnects ---

void World::judge(const Stafd& daemon, const Disconnect& disconnect) {
  const auto* device = find(disconnect.device);
  if (device == nullptr) return;
  const std::string text = disconnect.device.name + " " + disconnect.tid.to_string();
  note(Feature::dc_cut);
  if (device->io) return violate("kind", "stafd cuts an I/O controller: " + text);
  if (disconnect.reason == Reason::none) violate("reason", "cut without a reason: " + text);
  if (daemon.stopping) return judge_leaving(daemon, *device, disconnect);
  if (judge_parking(*device, disconnect)) return;
  judge_deregistered(*device, text);
  const auto meant = [&](std::size_t i) { return dc_ever_.test(i) && means_dc(static_cast<int>(i), *device); };
  // Adopted before the line that excludes it was read.
  const bool excluded = disconnect.reason == Reason::excluded || disconnect.reason == Reason::family_disabled;
  if (excluded) dc_ever_ |= entitled_dcs(true, true);
  bool ever = false;
  for (std::size_t i = 0; i < kDcNames; ++i) ever = ever || meant(i);
  // What was kept for a moment may have referred to it.
  ever = ever || std::ranges::any_of(ever_referred_, [&](const HostSet& hosts) { return hosts.test(z(device->host)); });
  if (!ever && !staf_doubt_ && !ours_.contains(device->device.ref.incarnation))
    violate("foreign", "somebody else's discovery controller is cut: " + text);
  const auto name = find_dc(disconnect.tid);
  // What is being reconnected may be taken for another one.
  if (name && device->device.state == "live" && !means_dc(*name, *device))
    violate("owner", text + " is not the connection of that name");
  judge_patience(*device, text);
  if (!usable_dc(device->host)) return;
  // Who lost the pages cannot know who is referred to.
  if (std::any_of(known_.begin(), known_.end(), [](const Known& known) { return known.any && !known.remembered; }))
    return;
  // A name whose connect hangs is renamed when that ends.
  if (identity_changed_ && now_ <= hung_until_) return;
  if (disconnect.reason == Reason::no_referral && waited_for_heir(device->host)) return;
  Instant left{};
  // Another name under another identity replaces it; it is waited for so long.
  const bool replaced_in_vain = name && identity_changed_ && device->device.hostnqn != identity(daemon.who).nqn &&
                                !dc_must_.test(z(*name)) && now_ - dc_left_[z(*name)] >= kMakeBeforeBreak;
  for (int i = 0; i < kIfaces * 2; ++i) {
    const int other = dc_name(device->host, i / 2, i % 2);
    if (!means_dc(other, *device) || parked_.test(z(other))) continue;  // one that is parked needs none
    if (!dc_must_.test(z(other))) {
      // Of duplicates one is enough, since whenever.
      const auto& ended = ever_duplicates_ ? dc_must_left_ : dc_left_;
      if (!is_served(other, *device)) left = std::max(left, ended[z(other)]);
    } else if (is_only_referred(other) && !is_referred_live(other)) {
      // each connection has its own page, and those that could say it are lost
    } else if (!amnesia_ && !replaced_in_vain && now_ - dc_since_[z(other)] > kOnItsWay && !is_served(other, *device)) {
      return violate("cut", "a DC is cut that is wanted by all that is known: " + text);
    }
  }
  if (!amnesia_ && now_ - left < kSoak) violate("soak", "cut without waiting: " + text);
  if (amnesia_ || device->device.state != "live" || now_ - device->unmeant_since >= kMakeBeforeBreak) return;
  // Nothing is known by it, or what is known by it has another name since ignore-iface= was changed.
  if (!device->ever_read || staf_ignored_iface_) return;
  for (int i = 0; i < kIfaces * 2; ++i) {
    const int other = dc_name(device->host, i / 2, i % 2);
    const Duration wanted = now_ - dc_since_[z(other)];
    if (!dc_must_.test(z(other)) || parked_.test(z(other)) || wanted < kOnItsWay || wanted >= kMakeBeforeBreak)
      continue;
    if (is_only_referred(other) && !is_referred_live(other)) continue;  // as above
    const bool replaced = std::any_of(devices_.begin(), devices_.end(), [&](const auto& item) {
      return &item.second != device && means_dc(other, item.second) && item.second.page_read &&
             item.second.device.state == "live";
    });
    if (!replaced) return violate("make before break", "cut before what replaces it is there: " + text);
  }
}

// Special cases of what must not be cut, which can be told apart.
const char* World::law_of_cut(const KernelDevice& device, int name) const {
  for (const auto& known : known_)
    if (known.young_since != kNever && known.listed.test(z(device.path)))
      return known.listed.count() + known.refers.count() == 1 ? "young page of one" : "young page";
  if (!stafd_.brain) return "cut while stafd is away";
  if (started_in_doubt_) return "cut after a start in doubt";
  return ioc_must_.test(z(name)) ? "cut" : "cut alias";
}

// What referred to it has only a name left whose page was not to be had for ten minutes.
bool World::waited_for_heir(int host) const {
  return std::ranges::any_of(stafd_.brain->controllers(), [&](const Dc& dc) {
    const auto name = find_dc(dc.tid);
    if (!name || (dc.page_known && dc.page_read)) return false;
    const int parent = host_of_dc(*name);
    // What it shows is older than the page of one that has gone since.
    Instant since = dc.created;
    for (int i = 0; dc.page_known && i < kIfaces * 2; ++i)
      if (!dc_wanted_.test(z(dc_name(parent, i / 2, i % 2))))
        since = std::max(since, dc_left_[z(dc_name(parent, i / 2, i % 2))]);
    if (now_ - since < minutes(10)) return false;
    const auto& known = known_[z(parent)];
    return known.refers.test(z(host * 2)) || known.refers.test(z(host * 2 + 1));
  });
}

// Another connection serves the name as well.
bool World::is_served(int name, const KernelDevice& beside) const {
  return std::any_of(devices_.begin(), devices_.end(), [&](const auto& item) {
    const auto& other = item.second;
    return &other != &beside && other.io == beside.io &&
           (other.device.state == "live" || beside.device.state != "live" ||
            other.device.hostnqn != beside.device.hostnqn) &&
           (beside.io ? means_ioc(name, other) : means_dc(name, other));
  });
}

// A page that stafd is reading, or has yet to read after a notice, may list it.
bool World::page_on_its_way(int path) const {
  // Who has not heard that its connection is back cannot read it.
  if (!stafd_.brain || now_ - event_lost_at_ < seconds(130)) return false;
  for (int host = 0; host < kHosts; ++host) {
    const auto& h = hosts_[z(host)];
    if (!h.up || h.fails_reads || is_young(h) || now_ < hung_until_ || !h.listed.test(z(path)) ||
        h.unusable.test(z(path)))
      continue;
    if (known_[z(host)].listed.test(z(path)) || aen_at_[z(host)] <= fetch_at_[z(host)]) continue;
    // It was told that, and tried: whoever does not answer is not waited for.
    if (read_failed_at_[z(host)] > aen_at_[z(host)]) continue;
    const bool live = std::any_of(devices_.begin(), devices_.end(), [&](const auto& item) {
      return !item.second.io && item.second.host == host && item.second.device.state == "live";
    });
    for (int i = 0; i < kIfaces * 2; ++i)
      if (live && (staf_doubt_ || ever_duplicates_ ? dc_must_ : dc_wanted_).test(z(dc_name(host, i / 2, i % 2))))
        return true;
  }
  return false;
}

// By a line, or listed by somebody who is connected the way that this name goes. Who is not (lost, or parked), or is
// believed to list what is not in its page by now (an entry that cannot be used, a young page), lists what was ever
// read that way: each connection has its own page.
bool World::is_read_over(const KernelDevice& device, int name) const {
  const int iface = iface_of_ioc(name);
  bool other_ways = false;
  for (int host = 0; host < kHosts; ++host) {
    const auto& known = known_[z(host)];
    if (!known.listed.test(z(device.path))) continue;
    const auto& h = hosts_[z(host)];
    const bool live = std::ranges::any_of(devices_, [&](const auto& item) {
      const KernelDevice& dc = item.second;
      return !dc.io && dc.host == host && dc.device.state == "live" && (iface == 0 || dc.iface == iface);
    });
    if (live && !(h.listed & h.unusable).test(z(device.path)) && known.young_since == kNever) return true;
    for (int i = 0; i < kIfaces; ++i)
      if ((iface == 0 || iface == i) && read_over_[z(host)][z(i)].test(z(device.path))) return true;
    other_ways = true;
  }
  return !other_ways;
}

void World::judge(const Stacd& daemon, const Disconnect& disconnect) {
  const auto* device = find(disconnect.device);
  if (device == nullptr) return;
  const std::string text = disconnect.device.name + " " + disconnect.tid.to_string();
  note(Feature::ioc_cut);
  if (!device->io) return violate("kind", "stacd cuts a discovery controller: " + text);
  if (daemon.stopping) return violate("stop", "cut at the end of stacd: " + text);
  if (disconnect.reason == Reason::none) violate("reason", "cut without a reason: " + text);
  const auto name = find_ioc(disconnect.tid);
  if (!name || path_of_ioc(*name) != device->path || other_of_ioc(*name) != other_of_ioc(device->name))
    return violate("owner", text + " is not the connection of that name");

  judge_evidence(*device, disconnect);
  judge_use(daemon, *device, disconnect);
  const bool not_included = disconnect.reason == Reason::not_included;
  const bool excluded = stac_may_exclude_.test(z(device->path)) || not_included;
  if (not_included && stac_may_let_in_.test(z(device->path)))
    violate("include", "cut although an include= line lets it in, or may: " + text);
  const bool ours = ever_ours_.test(z(device->path * 2 + other_of_ioc(device->name))) ||
                    ours_.contains(device->device.ref.incarnation);
  if (excluded) note(Feature::excluded_cut);
  if (!usable_ioc(device->path) && !excluded) note(Feature::family_disabled);
  if (!excluded) {
    if (scope_unknown_) violate("scope", "cut although disconnect-scope could not be read: " + text);
    switch (stac_force_.scope) {
      case DisconnectScope::no_disconnect:
        violate("scope", "cut under no-disconnect: " + text);
        break;
      case DisconnectScope::all_connections_matching_disconnect_trtypes:
        if (!stac_force_.all_trtypes && device->device.transport != "tcp")
          violate("trtypes", "cut outside disconnect-trtypes: " + text);
        break;
      case DisconnectScope::only_stas_connections:
        break;
    }
  }
  if (!ours) {
    if (stac_force_.scope == DisconnectScope::all_connections_matching_disconnect_trtypes)
      note(Feature::scope_all_cut_foreign);
    else
      violate("foreign", "somebody else's connection is cut: " + text);
    if (!excluded && (staf_appeared_ == kNever || !stafd_.brain || now_ - staf_appeared_ < kLongSoak))
      violate("long soak", "a foreign connection is cut before stafd had its time: " + text);
  }
  // The stafd of nvme-stas 2.4.1 does not tell of entries that cannot be used; ours keeps what it remembers. Whose
  // entry was never usable is not who listed it.
  const bool untold = std::ranges::any_of(hosts_, [&](const Host& host) {
    if (legacy_ || amnesia_) return host.ever_unusable.test(z(device->path));
    return disconnect.reason == Reason::dc_gone && (host.listed & host.unusable).test(z(device->path));
  });
  // stafd lost the page that listed it, or that referred to who lists it. What it has a line for it looks for, and what
  // it never had one for and has not found again it knows nothing of.
  bool forgotten = false;
  for (int host = 0; host < kHosts && amnesia_; ++host) {
    const Known& known = known_[z(host)];
    const bool found = staf_listed_.test(z(host)) || ever_had_dc_line_.test(z(host));
    // Who has not been read for a minute keeps nothing that it is not known for.
    const bool awaited = has_dc_line(host) && now_ - stafd_.started < kMakeBeforeBreak;
    forgotten = forgotten || (!known.remembered && found && !awaited && leads_to(known, device->path));
  }
  // Somebody ended who listed it while that one's page was doubted.
  const bool ended_young = disconnect.reason == Reason::dc_gone && std::ranges::any_of(known_, [&](const Known& known) {
                             return known.young_since != kNever && leads_to(known, device->path);
                           });
  // Names came and went with ignore-iface=, and who lists it has not been read under the present one.
  bool lister_live = false;
  for (int host = 0; host < kHosts; ++host)
    lister_live = lister_live || (known_[z(host)].listed.test(z(device->path)) && is_dc_live(host));
  const bool renamed = staf_ignored_iface_ && disconnect.reason == Reason::dc_gone && !lister_live;
  // Nobody referred any more to who lists it, as far as could be found out for so long.
  bool waited = false;
  for (int host = 0; host < kHosts && disconnect.reason == Reason::dc_gone && stafd_.brain; ++host)
    waited = waited || (known_[z(host)].listed.test(z(device->path)) && waited_for_heir(host));
  Instant left{};
  bool path_wanted = false;
  for (int iface = 0; iface < kIfaces; ++iface) {
    const int other = ioc_name(device->path, iface, other_of_ioc(device->name));
    const bool since_long = ioc_must_.test(z(other)) && now_ - ioc_since_[z(other)] > kOnItsWay;
    // Something new takes its place; what has been wanted and out of reach for long does not, or had its connection
    // before, which is being made again.
    const bool old = std::ranges::any_of(devices_, [&](const auto& item) {
      return item.second.io && item.second.name == other && item.second.made_at + seconds(1) < device->unmeant_since;
    });
    path_wanted = path_wanted || (!old && since_long && ioc_since_[z(other)] + seconds(1) > device->unmeant_since) ||
                  (!old && told_.test(z(other)) && told_since_[z(other)] + seconds(1) > device->unmeant_since);
    if (!means_ioc(other, *device) || is_served(other, *device)) continue;
    if (identity_changed_ && now_ <= hung_until_ && other != *name) continue;
    // A name with an interface is not taken for a connection that was made under another identity.
    if (identity_changed_ && device->device.hostnqn != identity(daemon.who).nqn && iface_of_ioc(other) != 0 &&
        iface_of_ioc(*name) == 0)
      continue;
    // It goes on with another connection, whose end it has not heard of.
    if (other != *name && now_ - event_lost_at_ < seconds(130)) continue;
    // Its line was removed, and who may list it has not been read under the name that it has by now; not for ever.
    if (disconnect.reason == Reason::not_configured && !told_.test(z(other)) &&
        now_ - told_left_[z(*name)] >= kMakeBeforeBreak)
      continue;
    // stacd has not heard of the page that lists it, and does not hear of it.
    if (!stafd_.brain && !ever_told_.test(z(device->path))) continue;
    // Its line came in the same moment as the doubt about it, and nobody had time to look up its name.
    if (is_named(true, other) && stac_doubt_ && !stac_resolved_.test(z(path_of_ioc(other) / kSubs))) continue;
    // A line whose host name does not resolve is waited for so long.
    if (is_named(true, other) && unlisted_since_[z(device->path)] != kNever &&
        now_ - unlisted_since_[z(device->path)] > kNameHold)
      continue;
    // Who lost all and finds no stafd goes by the lines alone.
    if (since_long && !(amnesia_ && (stac_doubt_ || !stafd_.brain || identity_changed_)) && !ever_duplicates_ &&
        !untold && !forgotten && !ended_young && !renamed && !waited && is_read_over(*device, other))
      return violate(law_of_cut(*device, *name), "a connection is cut that is wanted by all that is known: " + text);
    if (told_.test(z(other)) && !(amnesia_ && identity_changed_))
      return violate(law_of_cut(*device, *name), "a connection is cut that stacd was told of: " + text);
    // One that has its own, which is being reconnected, has it for its soak.
    const bool has_own = std::ranges::any_of(devices_, [&](const auto& item) {
      return &item.second != device && item.second.io && item.second.name == other;
    });
    if (!has_own) left = std::max(left, told_left_[z(other)]);
  }
  if (now_ - left < kSoak) violate("soak", "cut without waiting: " + text);
  if (!stafd_.brain && !excluded && usable_ioc(device->path) && now_ - daemon.started < kLongSoak)
    violate("long soak", "cut while stafd has not come yet: " + text);
  if (path_wanted && now_ - event_lost_at_ >= seconds(130) && now_ - device->unmeant_since < kMakeBeforeBreak &&
      std::none_of(devices_.begin(), devices_.end(), [&](const auto& item) {
        const auto& other = item.second;
        return &other != device && other.io && other.path == device->path && other.device.state == "live";
      }))
    violate("make before break", "cut before what replaces it is there: " + text);
  // A page that nobody remembers is not doubted when it is read the first time.
  if (!amnesia_ && usable_ioc(device->path) && !not_included && page_on_its_way(device->path))
    violate("on its way", "cut while the page that lists it is being read: " + text);
}

// disconnect-guard=hold: what is in use keeps its last live path, but for an exclude= line.
void World::judge_use(const Stacd& daemon, const KernelDevice& device, const Disconnect& disconnect) {
  if (!used_.test(z(device.path)) || daemon.config->disconnect_guard != DisconnectGuard::hold) return;
  if (disconnect.reason == Reason::excluded || now_ - event_lost_at_ < seconds(130)) return;
  const auto carries = [&](const KernelDevice& other) {
    const bool going = std::ranges::any_of(
        daemon.ops, [&](const auto& op) { return !op.second.connect && op.second.device == other.device.ref; });
    return other.io && other.path == device.path && other.device.state == "live" && !going;
  };
  if (std::ranges::none_of(devices_, [&](const auto& item) { return carries(item.second); }))
    violate("guard", "the last path to what is in use is cut: " + disconnect.device.name);
}

// With an address.
bool World::has_dc_line(int host) const {
  for (int variant = 0; variant < kVariants; ++variant)
    if (variant != kByName && staf_force_.lines.test(z(host * kVariants + variant))) return true;
  return false;
}

// How many of the names that stacd has mean this connection.
int World::has_names(const KernelDevice& device) const {
  int names = 0;
  for (int iface = 0; device.io && iface < kIfaces; ++iface) {
    const int name = ioc_name(device.path, iface, other_of_ioc(device.name));
    names += told_.test(z(name)) && means_ioc(name, device) ? 1 : 0;
  }
  return names;
}

// --- connects ---

void World::judge(Stafd& daemon, const Connect& connect) {
  if (connect.kind != ControllerKind::discovery) violate("kind", "stafd connects an I/O controller");
  if (connect.options.kato != 30) violate("options", "kato=30 is missing: " + connect.tid.to_string());
  const auto name = find_dc(connect.tid);
  if (!name) return;
  if (!staf_doubt_ && staf_force_.excludes.test(z(host_of_dc(*name))))
    violate("excluded", "an excluded DC is connected: " + connect.tid.to_string());
  judge_waking(connect, *name);
  judge_beside(daemon, connect, *name, false);
  judge_attempt(daemon, connect, *name, false);
}

void World::judge(Stacd& daemon, const Connect& connect) {
  if (connect.kind != ControllerKind::io) violate("kind", "stacd connects a discovery controller");
  judge_round(connect);
  const auto name = find_ioc(connect.tid);
  if (!name) return;
  const int path = path_of_ioc(*name);
  if (!stac_doubt_ && stac_force_.excludes.test(z(path)))
    violate("excluded", "an excluded controller is connected: " + connect.tid.to_string());
  // What had a line may be held, and is connected again then.
  if (!stac_doubt_ && !stac_lets_in_.test(z(path)) && !ever_had_line_.test(z(path)))
    violate("include", "a controller that no include= line lets in is connected: " + connect.tid.to_string());
  if (!stac_doubt_ && !usable_ioc(path))
    violate("family", "a controller of a disabled family is connected: " + connect.tid.to_string());
  if (other_of_ioc(*name) != 0 && !stac_doubt_ && connect.options.ctrl_loss_tmo != kSpecialCtrlLoss)
    violate("options", "the options of its line are missing: " + connect.tid.to_string());
  const auto limit = static_cast<unsigned>(stac_force_.ncc_attempts == 1 ? 2 : stac_force_.ncc_attempts);
  const auto& attempts = daemon.attempts[attempt_key(*name, connect.tid)];
  // An entry speaks of the host that its discovery controller knows.
  const bool listed = is_fc(path % kSubs) ? iface_of_ioc(*name) == 0 && told_pages_[z(path)].any()
                                          : told_pages_[z(path)].test(z(iface_of_ioc(*name)));
  const bool ncc = told_ncc_.test(z(path)) && listed && other_of_ioc(*name) == 0 &&
                   told_hosts_[z(path)].test(z(connect.tid.host_nqn() == identity(0).nqn ? 0 : 1));
  if (limit > 0 && ncc && !stac_doubt_ && !attempts.excused && attempts.failed >= limit)
    violate("ncc",
            "another attempt although the central controller reports no connectivity: " + connect.tid.to_string());
  if (limit > 0 && ncc && attempts.failed + 1 == limit) note(Feature::ncc_gave_up);
  judge_beside(daemon, connect, *name, true);
  judge_attempt(daemon, connect, *name, true);
}

template <class D>
void World::judge_attempt(D& daemon, const Connect& connect, int name, bool io) {
  const std::string text = connect.tid.to_string();
  if (daemon.stopping) violate("stop", "a connect at the end of the daemon: " + text);
  if (connect.reason == Reason::none) violate("reason", "connected without a reason: " + text);
  // Its own of the line, or that of the discovery controller that lists it; each NQN with the ID that belongs to it.
  int who = io && other_of_ioc(name) != 0 ? 2 : daemon.who;
  if (io && who != 2 && connect.host.nqn == identity(1 - who).nqn) who = 1 - who;
  if (connect.host.nqn != identity(who).nqn || connect.host.nqn != connect.tid.host_nqn() ||
      connect.host.id != identity(who).id)
    violate("identity", "the host NQN and ID are not what they should be: " + text);
  if (now_ - event_lost_at_ > seconds(130)) {
    for (const auto& [device_name, device] : devices_) {
      if (device.io != io || device.name != name || device.device.state != "live") continue;
      // What is being deleted may still be live.
      if (std::any_of(daemon.ops.begin(), daemon.ops.end(), [&, &ref = device.device.ref](const auto& item) {
            return !item.second.connect && item.second.device == ref;
          }))
        continue;
      if (now_ - device.live_since <= milliseconds(200) || now_ - daemon.started <= milliseconds(50)) continue;
      // What another host made is not taken over; what was ours stays ours under another identity, once that is known.
      if (device.device.hostnqn == connect.host.nqn)
        violate("duplicate", "connected although " + device_name + " exists: " + text);
      else if (connect.host.nqn != identity(daemon.who).nqn)
        continue;
      else if (amnesia_ || device.orphan || device.released || device.twin || has_names(device) > 1)
        continue;  // it is forgotten that it was
      else if (connect.tid.host_iface().empty() ? false : io ? stac_ignored_iface_ : staf_ignored_iface_)
        continue;  // it may have its name without the interface
      else if (const auto since = io ? told_since_[z(name)] : dc_since_[z(name)];
               since > device.made_at && since - (io ? told_left_[z(name)] : dc_left_[z(name)]) > kSoak)
        continue;  // it was none for a while: a new name, which never had it
      else if (device.ours || ours_.contains(device.device.ref.incarnation))
        violate("duplicate by identity", "connected although " + device_name + " exists: " + text);
    }
  }
  // Never closer than the back-off allows, unless there is news of it.
  auto& attempts = daemon.attempts[attempt_key(name, connect.tid)];
  // Which of several duplicates or addresses is tried changes with their luck.
  const bool turns = (!io && ever_duplicates_) || is_named(io, name);
  if (attempts.last != Instant{} && attempts.failed > 0 && !attempts.excused && !turns) {
    const Duration gap = now_ - attempts.last;
    const double growth = 3000 * std::pow(2, std::min(attempts.failed - 1, 5U));
    if (gap < (io ? kFirstRetry : kFirstDcRetry)) {
      violate("retry", "tried again after " + std::to_string(gap / milliseconds(1)) + " ms: " + text);
    } else if (gap >= milliseconds(static_cast<int>(std::min(growth, 60000.0) * (io ? kGrowth : kDcGrowth)))) {
      // as it should be
    } else if (daemon.news_at > attempts.last && now_ - attempts.early >= kEncourage) {
      attempts.early = now_;  // a good moment to try again what failed, but seldom
    } else {
      violate("back-off", "attempt " + std::to_string(attempts.failed + 1) + " after " +
                              std::to_string(gap / milliseconds(1)) + " ms: " + text);
    }
  }
  if (attempts.excused) attempts.failed = 0;
  attempts.excused = false;
  attempts.last = now_;
}

template void World::judge_attempt(Stafd&, const Connect&, int, bool);
template void World::judge_attempt(Stacd&, const Connect&, int, bool);

// --- messages ---

// A surprise is reported once, repeats are debug, recovery is info (law 9).
template <class D>
void World::judge_voice(D& daemon, const Report& report) {
  if (report.level == Level::debug) return;
  ++messages_;
  log((std::is_same_v<D, Stafd> ? "stafd: " : "stacd: ") + report.text);
  const std::string subject = report.tid ? report.tid->to_string() : std::string();
  if (report.level == Level::info || report.topic == Topic::in_use) {
    // Under whichever name, or at another address of a host name.
    const auto place = [](const std::string& tid) { return tid.substr(0, tid.find(", nqn.")); };
    if (is_good_news(report.text))
      std::erase_if(daemon.voices, [&](const auto& item) {
        return place(item.second.first) == place(subject) || (report.tid && is_dead_address(item.second.first)) ||
               (report.tid && std::is_same_v<D, Stacd> &&
                item.second.first.find(report.tid->subsysnqn()) != std::string::npos);
      });
    auto& row = daemon.in_a_row[subject];
    if (row.text != report.text || now_ - row.since > kInARow) row = {report.text, 0, now_};
    if (const unsigned times = ++row.times; times > kMostInARow)
      violate("voice", "told " + std::to_string(times) + " times in a row: " + report.text);
    return;
  }
  // Once, until all that was kept for it is gone or wanted again.
  if (report.topic == Topic::budget_used_up && std::ranges::none_of(devices_, [&](const auto& item) {
        return item.second.io && item.second.unmeant_since <= budget_told_at_;
      }))
    std::erase_if(daemon.voices, [&](const auto& item) { return item.first == report.text; });
  if (report.topic == Topic::budget_used_up) budget_told_at_ = now_;
  auto& [whose, times] = daemon.voices[report.text + (report.tid ? report.tid->host_nqn() : std::string())];
  whose = subject;
  // All names have the same dead address.
  if (++times > (is_dead_address(subject) ? unsigned{kHosts} : 1U))
    violate("voice", "told again without a recovery: " + report.text);
}

template void World::judge_voice(Stafd&, const Report&);
template void World::judge_voice(Stacd&, const Report&);

}  // namespace stas::model
