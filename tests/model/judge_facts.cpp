// SPDX-License-Identifier: Apache-2.0
//
// Orders that need a fact which the daemon cannot have had, or that do not fit beside another one.
#include <algorithm>

#include "tests/model/world.h"

namespace stas::model {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kLongSoak = seconds(10);
constexpr Duration kMdnsGrace = seconds(3);    // in which mDNS is heard after a start
constexpr Duration kNameHold = seconds(55);    // a name that does not resolve is waited for longer than that ...
constexpr Duration kHeld = minutes(9);         // ... after a load, but not longer than ten minutes in all
constexpr std::size_t kMostDeadAttempts = 12;  // per minute, at an address of a host name where nobody is

std::size_t z(int i) { return static_cast<std::size_t>(i); }

}  // namespace

// stacd: what stafd says is believed only while it is there.
void World::judge_evidence(const KernelDevice& device, const Disconnect& disconnect) {
  const std::string text = disconnect.device.name + " " + disconnect.tid.to_string();
  const bool by_stafd = disconnect.reason == Reason::not_listed || disconnect.reason == Reason::dc_gone;
  if (by_stafd && !staf_answered_) violate("silent stafd", "cut by the word of a stafd that is not there: " + text);
  // A stafd that forgot does not know what it does not list; its configuration it does.
  if (disconnect.reason == Reason::dc_gone && staf_forgot_ && now_ - staf_appeared_ < kLongSoak) {
    bool known = false;
    // Nor is it to be asked who has read the page: it knows whom it ended (2.4.1 does not say it).
    for (int host = 0; host < kHosts; ++host)
      known = known || ((staf_listed_.test(z(host)) || (!legacy_ && fetch_at_[z(host)] >= stafd_.started)) &&
                        ever_listed_[z(host)].test(z(device.path)));
    if (!known) violate("long soak", "cut before a new stafd had its time: " + text);
  }
  // Nor has a new stafd said all while a host name of its lines does not resolve yet.
  if (disconnect.reason == Reason::dc_gone && now_ - stafd_.started < kNameHold && !stac_doubt_)
    for (int host = 0; host < kHosts; ++host)
      if (staf_force_.lines.test(z(host * kVariants + kByName)) && !staf_resolved_.test(z(host)) &&
          last_listed_[z(host)].test(z(device.path)) && usable_dc(host) && !legacy_)
        violate("unsettled", "cut although a host name that stafd looks up may be who lists it: " + text);
  if (nobodys_.contains(device.device.ref.incarnation) && disconnect.reason != Reason::excluded &&
      disconnect.reason != Reason::family_disabled &&
      // A page says what it is.
      !(disconnect.reason == Reason::not_included && told_pages_[z(device.path)].any()))
    violate("nobody", "cut although nobody knows who wanted it: " + text);
}

// stafd: what may be known in a moment is waited for.
void World::judge_patience(const KernelDevice& device, const std::string& text) {
  if (device.device.state != "live" || !usable_dc(device.host)) return;
  const bool announced = announced_.test(z(device.host * 2)) && device.iface == route_of(device.host);
  if (announced && !mdns_told_ && now_ - stafd_.started < kMdnsGrace)
    violate("mdns grace", "cut before mDNS had its time: " + text);
  Instant left{};
  for (int i = 0; i < kIfaces * 2; ++i)
    if (const int name = dc_name(device.host, i / 2, i % 2); means_dc(name, device))
      left = std::max(left, dc_must_left_[z(name)]);
  if (left != Instant{} && now_ - left >= kHeld) return;
  const auto line = z(device.host * kVariants + kByName);
  if (staf_force_.lines.test(line) && !staf_resolved_.test(z(device.host)) && device.iface == route_of(device.host) &&
      now_ - staf_loaded_at_ < kNameHold && !amnesia_ && !identity_changed_)
    violate("unresolved", "cut although a host name that does not resolve yet may mean it: " + text);
}

// Two names that could come to mean one connection are not connected at the same time; of duplicate referrals one is
// enough.
template <class D>
void World::judge_beside(const D& daemon, const Connect& connect, int name, bool io) {
  const auto means_same = [&](const Tid& tid) {
    return tid != connect.tid && tid.traddr() == connect.tid.traddr() && tid.trsvcid() == connect.tid.trsvcid() &&
           tid.transport() == connect.tid.transport() && tid.subsysnqn() == connect.tid.subsysnqn() &&
           tid.host_nqn() == connect.tid.host_nqn() &&
           (tid.host_iface().empty() || connect.tid.host_iface().empty() ||
            tid.host_iface() == connect.tid.host_iface());
  };
  for (const auto& [id, op] : daemon.ops)
    if (op.connect && means_same(op.tid))
      violate("beside",
              "connected while the connect of " + op.tid.to_string() + " is on its way: " + connect.tid.to_string());
  if (io || dc_must_.test(z(name))) return;
  if (gave_back_at_.contains(connect.tid.to_string())) return;  // it has its own time to be read again
  if (now_ - stafd_.started < kMdnsGrace) return;               // both may be remembered from before
  // Another attempt at what failed before is due when it is due.
  if (std::ranges::any_of(stafd_.attempts, [&](const auto& item) {  // under whichever host NQN
        return name_of_attempt(item.first) == name && item.second.failed_ever > 0;
      }))
    return;
  // Whoever refers to it has another one that is being tried.
  const Op* tried = nullptr;
  for (std::size_t parent = 0; parent < kHosts; ++parent) {
    if (!known_[parent].refers.test(z(host_of_dc(name) * 2 + unique_of_dc(name)))) continue;
    tried = known_[parent].duplicates ? duplicate_tried(daemon.ops, static_cast<int>(parent), connect, name) : nullptr;
    if (tried == nullptr) return;
  }
  if (tried != nullptr)
    violate("duplicates",
            "connected although " + tried->tid.to_string() + " is being tried: " + connect.tid.to_string());
}

// Another referral of this page, for the first time. Its own discovery controller is none.
const World::Op* World::duplicate_tried(const std::map<OpId, Op>& ops, int parent, const Connect& connect,
                                        int name) const {
  for (const auto& [id, op] : ops) {
    const auto other = find_dc(op.tid);
    if (!op.connect || !other || *other == name || iface_of_dc(*other) != iface_of_dc(name) ||
        dc_must_.test(z(*other)) || op.tid.traddr() == connect.tid.traddr() || host_of_dc(*other) == parent)
      continue;
    if (!known_[z(parent)].refers.test(z(host_of_dc(*other) * 2 + unique_of_dc(*other)))) continue;
    // Under whichever identity: it goes on under another one with its luck.
    const bool failed = std::ranges::any_of(stafd_.attempts, [&](const auto& item) {
      return name_of_attempt(item.first) == *other && item.second.failed_ever > 0;
    });
    if (!failed) return &op;
  }
  return nullptr;
}

template void World::judge_beside(const Stafd&, const Connect&, int, bool);
template void World::judge_beside(const Stacd&, const Connect&, int, bool);

// The addresses of a host name are tried in rounds, with pauses in between.
void World::judge_round(const Connect& connect) {
  if (!is_dead_address(connect.tid.to_string())) return;
  auto& latest = dead_attempts_[connect.tid.subsysnqn()];
  std::erase_if(latest, [&](Instant then) { return now_ - then > minutes(1); });
  latest.push_back(now_);
  if (latest.size() > kMostDeadAttempts)
    violate("rounds",
            "more than " + std::to_string(kMostDeadAttempts) + " attempts within a minute: " + connect.tid.to_string());
}

}  // namespace stas::model
