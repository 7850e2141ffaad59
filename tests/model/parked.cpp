// SPDX-License-Identifier: Apache-2.0
//
// Discovery controllers whose page says that they take no persistent connection (EPCSD=0): read, given back without a
// word to the registry, left alone for a quarter of an hour, read again. And who leaves one for good says so to it.
#include <algorithm>
#include <utility>

#include "libstas/core/identity/nqn.h"
#include "tests/model/world.h"

namespace stas::model {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kLeftAlone = minutes(11);  // 15 minutes less the jitter
constexpr Duration kReadAgain = minutes(20);  // ... and more, and the way
constexpr Duration kAudit = seconds(130);

std::size_t z(int i) { return static_cast<std::size_t>(i); }

}  // namespace

// Only a page that knows the flags says something by leaving them clear.
bool World::says_to_give_back(int host) const {
  const auto entries = entries_of(host);
  const bool knows = is_cdc(host) || knows_pleo(host) ||
                     std::ranges::any_of(entries, [](const Dlpe& entry) { return entry.eflags != 0; });
  return knows && hosts_[z(host)].gives_back;
}

bool World::judge_parking(const KernelDevice& device, const Disconnect& disconnect) {
  if (disconnect.reason != Reason::parked) return false;
  note(Feature::dc_parked);
  const std::string text = disconnect.device.name + " " + disconnect.tid.to_string();
  if (!gives_back_.test(z(device.host))) violate("parked", "given back although it takes the connection: " + text);
  if (!device.page_read && event_lost_at_ < device.live_since)  // that it was reconnected may have been missed
    violate("parked", "given back without having been read: " + text);
  if (!ours_.contains(device.device.ref.incarnation)) violate("parked", "somebody else's is given back: " + text);
  if (device.deregistered) violate("parked", "what is read again is deregistered: " + text);
  if (gave_back_at_.contains(disconnect.tid.to_string())) note(Feature::parked_read_again);
  gave_back_at_[disconnect.tid.to_string()] = now_;
  find(disconnect.device)->given_back = true;
  // What is given back is believed: nobody is connected who could see the end of its youth.
  auto& known = known_[z(device.host)];
  if (std::exchange(known.young_since, kNever) != kNever) {
    known.listed = known.young_listed;
    known.refers = known.young_refers;
  }
  note_parked(disconnect.device);
  return true;
}

// All names that have the connection, when it is ordered to be given back and when it goes: more may have joined.
void World::note_parked(const DeviceRef& device) {
  for (const Dc& dc : stafd_.brain->controllers())
    if (const auto name = find_dc(dc.tid); name && dc.device == device) parked_.set(z(*name));
}

// It could not be deleted, and so it is not given back.
void World::keep_after_all(const KernelDevice& device) {
  for (int i = 0; i < kIfaces * 2; ++i) {
    const int name = dc_name(device.host, i / 2, i % 2);
    if (!means_dc(name, device)) continue;
    parked_.reset(z(name));
    for (int who = 0; who < 2; ++who) gave_back_at_.erase(tid_of_dc(name, who).to_string());
  }
}

// Neither its own end nor anything but a step of the history is a reason to connect it before its time.
void World::judge_waking(const Connect& connect, int name) {
  const auto at = gave_back_at_.find(connect.tid.to_string());
  if (at == gave_back_at_.end() || !parked_.test(z(name))) return;
  // What it was taken for meanwhile leaves this host another way.
  if (is_dc_there(host_of_dc(name))) return;
  const Instant excused = std::max({disturbed_, stafd_.started, event_lost_at_, hung_until_});
  if (excused < at->second && now_ - at->second < kLeftAlone)
    violate("parked", "connected again after " + std::to_string((now_ - at->second) / seconds(1)) +
                          " s: " + connect.tid.to_string());
}

bool World::is_parked(int host) const {
  for (int i = 0; i < kIfaces * 2; ++i)
    if (parked_.test(z(dc_name(host, i / 2, i % 2)))) return true;
  return false;
}

// What its parent refers to over another connection is no name of its own before that one is read.
bool World::may_be_parked(int name) const {
  return parked_.test(z(name)) || (is_parked(host_of_dc(name)) && is_only_referred(name));
}

// No plan looks so far ahead.
bool World::is_due_again(const Connect& connect) const {
  const auto at = gave_back_at_.find(connect.tid.to_string());
  const auto name = find_dc(connect.tid);
  return name && at != gave_back_at_.end() && parked_.test(z(*name)) && now_ - at->second >= kLeftAlone;
}

void World::watch_parked(int name, Instant since) {
  if (now_ - std::max(since, fetch_at_[z(host_of_dc(name))]) > kReadAgain)
    violate("parked", "not read again: " + tid_of_dc(name, who_).to_string());
}

// With persistent-connections=false stafd takes its connections along, each under a name that means it.
void World::judge_leaving(const Stafd& daemon, const KernelDevice& device, const Disconnect& disconnect) {
  const std::string text = disconnect.device.name + " " + disconnect.tid.to_string();
  if (daemon.config->persistent_connections)
    return violate("stop", "cut at the end of stafd, with persistent connections: " + text);
  if (disconnect.reason != Reason::stopping) violate("stop", "cut at the end of stafd for another reason: " + text);
  const auto name = find_dc(disconnect.tid);
  if (name && device.device.state == "live" && !means_dc(*name, device))
    violate("owner", text + " is not the connection of that name");
  judge_deregistered(device, text);
}

// A registry keeps whoever leaves without a word. With another connection of ours there it would lose us.
void World::judge_deregistered(const KernelDevice& device, const std::string& text) {
  if (device.device.state != "live" || now_ - event_lost_at_ < kAudit || now_ <= hung_until_) return;
  if (device.deregistered) note(Feature::deregistered);
  if (device.registered.empty() || device.registered_by != stafd_.epoch) return;
  const bool alone = std::ranges::none_of(devices_, [&](const auto& item) {
    const KernelDevice& other = item.second;
    return &other != &device && !other.io &&
           (other.device.subsysnqn == device.device.subsysnqn || other.device.subsysnqn == kWellKnownDiscoveryNqn ||
            device.device.subsysnqn == kWellKnownDiscoveryNqn);
  });
  if (alone) violate("deregister", "left for good without a word to its registry: " + text);
}

}  // namespace stas::model
