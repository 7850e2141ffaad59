// SPDX-License-Identifier: Apache-2.0
//
// What the daemons should know after some time without news, of hosts and of each other, and what they do with it.
#include <algorithm>

#include "tests/model/bridge.h"
#include "tests/model/world.h"

namespace stas::model {

namespace {

using std::chrono::seconds;

constexpr Duration kPrompt = seconds(5);
constexpr Duration kFresh = seconds(45);              // a change of a page is read: the gap between reads, a young page
constexpr Duration kReadRetry = seconds(80);          // a read that failed is repeated, the longest back-off
constexpr Duration kPoll = std::chrono::minutes(40);  // a lost notice is found by a safety poll
constexpr Duration kGone = seconds(100);
constexpr Duration kAudit = seconds(130);
constexpr Duration kReachable = seconds(15);  // the kernel tries again every ten seconds

std::size_t z(int i) { return static_cast<std::size_t>(i); }

}  // namespace

// A page that changed was read, whatever happened meanwhile.
void World::watch_pages(Instant calm) {
  if (now_ - calm < kFresh || now_ - aen_lost_at_ < kPoll || now_ - event_lost_at_ < kAudit + kFresh) return;
  const auto pages = pages_of(*stafd_.brain, false);
  for (const StafDc& dc : *pages.dcs) {
    const auto name = find_dc(dc.tid);
    if (!name || !dc_must_.test(z(*name)) || !dc.page_known) continue;
    const int host = host_of_dc(*name);
    const auto& h = hosts_[z(host)];
    if (!h.up || h.fails_reads || h.slow || is_young(h) || (h.listed & h.unusable).any()) continue;
    if (now_ - read_failed_at_[z(host)] < kReadRetry) continue;
    const bool live = std::any_of(devices_.begin(), devices_.end(), [&](const auto& item) {
      const auto& device = item.second;
      return means_dc(*name, device) && device.device.state == "live" && now_ - device.live_since > kFresh &&
             device.device.hostnqn == dc.tid.host_nqn();
    });
    // It may be bound to the one that is lost.
    const bool lost = std::any_of(devices_.begin(), devices_.end(), [&](const auto& item) {
      return means_dc(*name, item.second) && item.second.device.state != "live";
    });
    if (live && !lost && dc.entries != entries_of(host))
      violate("stale", "the page is not read: " + dc.tid.to_string());
  }
}

// What stafd says differently now has come to stacd; a reload asks in any case.
void World::watch_talk() {
  if (answers_ == Answers::fail || staf_appeared_ == kNever || legacy_) return;
  const Instant since = std::max({staf_signalled_, staf_appeared_, event_lost_at_, disturbed_});
  if (now_ - since > kFresh)
    if (const auto text = text_of(pages_of(*stafd_.brain, legacy_)); text != told_pages_text_)
      violate("untold", "stacd does not know what stafd says:\n" + text + "\nand not\n" + told_pages_text_);
  if (now_ - std::max(stac_loaded_at_, staf_appeared_) > kPrompt && asked_at_ < stac_loaded_at_)
    violate("unasked", "stacd was reloaded and did not ask stafd");
}

// Whoever shows a connection as its own means it.
void World::watch_bindings() {
  for (const Ioc& ioc : stacd_.brain->controllers()) {
    const auto* device = ioc.device ? find(*ioc.device) : nullptr;
    const auto name = find_ioc(ioc.tid);
    if (device == nullptr || !name || device->device.state != "live" || now_ - device->live_since < kPrompt) continue;
    // Given away to be cut, which it could not be, or is not yet.
    if (device->spared || !told_.test(z(*name))) continue;
    if (device->device.src_addr.empty() && device->device.host_iface.empty()) continue;
    if (!means_ioc(*name, *device))
      violate("owner",
              ioc.tid.to_string() + " has " + device->device.ref.name + ", which leaves this host another way");
  }
}

// The end of NCC is a reason to try at once.
void World::watch_ncc(Instant calm) {
  for (int name = 0; name < static_cast<int>(kIocNames); ++name) {
    const auto path = z(path_of_ioc(name));
    const Instant cleared = ncc_cleared_at_[path];
    if (cleared == Instant{} || !told_.test(z(name)) || !ioc_wanted_.test(z(name)) || told_since_[z(name)] > cleared)
      continue;
    if (now_ - std::max(cleared, calm) < kPrompt || now_ - cleared > kReachable) continue;
    if (!reachable(true, name) || is_connected(true, name, false) || is_named(true, name)) continue;
    const auto it = stacd_.attempts.find(attempt_key(name, stacd_.who));
    if (it == stacd_.attempts.end() || it->second.last < cleared)
      violate("ncc", "not tried when NCC ended: " + tid_of_ioc(name, who_).to_string());
  }
}

// An exclude= line ends a connection of ours under every scope.
void World::watch_excluded(Instant calm) {
  if (amnesia_ || identity_changed_ || given_up_.any() || started_in_doubt_) return;
  for (const auto& [name, device] : devices_) {
    if (!device.io || !ours_.contains(device.device.ref.incarnation) || device.orphan || device.unwanted) continue;
    // Of two that are the same, who restarts knows one.
    if (device.twin) continue;
    if (!stac_force_.excludes.test(z(device.path)) || device.device.state != "live") continue;
    if (now_ - std::max({calm, device.live_since, stac_loaded_at_}) > kGone)
      violate("kept", "an excluded connection stays: " + name + " " + device.device.subsysnqn);
  }
}

}  // namespace stas::model
