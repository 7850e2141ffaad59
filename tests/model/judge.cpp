// SPDX-License-Identifier: Apache-2.0
//
// What is wanted in the simulated world, computed naively and without regard to time, and what follows for the daemons:
// nothing that is wanted by all that could be known may be cut, and in the end connected equals wanted.
#include <algorithm>

#include "tests/model/world.h"

namespace stas::model {

namespace {

// Longer than it takes from a page that was read to what stacd knows of it.
constexpr Duration kOnItsWay = std::chrono::seconds(5);

}  // namespace

World::Contents World::truth() const {
  Contents contents;
  for (int t = 0; t < kTargets; ++t) contents[t] = {targets_.at(t).subsystems, targets_.at(t).referrals};
  return contents;
}

// Discovery controllers that the administrator or the network asked for, and what they refer to.
std::set<int> World::entitled_dcs(const Contents& contents) const {
  std::set<int> entitled;
  std::vector<int> todo(dc_lines_.begin(), dc_lines_.end());
  todo.insert(todo.end(), announced_ever_.begin(), announced_ever_.end());
  while (!todo.empty()) {
    const int t = todo.back();
    todo.pop_back();
    if (dc_excludes_.contains(t) || !entitled.insert(t).second) continue;
    if (const auto it = contents.find(t); it != contents.end())
      todo.insert(todo.end(), it->second.referrals.begin(), it->second.referrals.end());
  }
  return entitled;
}

std::set<Tid> World::wanted(const Contents& contents) const {
  std::set<Tid> all;
  for (const auto& [t, k] : ioc_lines_)
    if (!ioc_excludes_.contains({t, k})) all.insert(ioc_tid(t, k));
  for (const int t : entitled_dcs(contents))
    if (const auto it = contents.find(t); it != contents.end())
      for (const int k : it->second.subsystems)
        if (!ioc_excludes_.contains({t, k})) all.insert(ioc_tid(t, k));
  return all;
}

// A silent announcement only protects a controller that stafd knows by nothing else: the end of a controller= line or
// of a referral is evidence.
void World::forget_announcements() {
  std::erase_if(announced_ever_, [&](int t) {
    if (announced_.contains(t)) return false;
    if (stafd_.brain) {
      const Dc* dc = stafd_.brain->find(dc_tid(t));
      return dc == nullptr || !dc->announced;
    }
    return std::none_of(stafd_.saved.dcs.begin(), stafd_.saved.dcs.end(),
                        [&](const KnownDc& dc) { return dc.tid == dc_tid(t) && dc.origin == "discovered"; });
  });
}

void World::update_truth() {
  forget_announcements();
  // What a controller said is forgotten with it.
  if (stafd_.brain)
    std::erase_if(read_, [&](const auto& item) { return stafd_.brain->find(dc_tid(item.first)) == nullptr; });
  const auto now_wanted = wanted(read_);
  std::erase_if(wanted_since_, [&](const auto& item) { return !now_wanted.contains(item.first); });
  for (const auto& tid : now_wanted) {
    wanted_since_.try_emplace(tid, now_);
    ever_wanted_.insert(tid);
  }
  const auto dcs = entitled_dcs(read_);
  std::erase_if(dc_wanted_since_, [&](const auto& item) { return !dcs.contains(item.first); });
  for (const int t : dcs) dc_wanted_since_.try_emplace(t, now_);
}

void World::judge(const Stafd&, const Disconnect& disconnect) {
  for (int t = 0; t < kTargets; ++t) {
    if (disconnect.tid != dc_tid(t)) continue;
    if (dc_lines_.contains(t) && !dc_excludes_.contains(t))
      violate("configured DC is cut: " + disconnect.tid.to_string());
    const auto it = dc_wanted_since_.find(t);
    if (it != dc_wanted_since_.end() && now_ - it->second > kOnItsWay)
      violate("a DC is cut that is wanted by all that is known: " + disconnect.tid.to_string());
  }
}

void World::judge(const Stacd&, const Disconnect& disconnect) {
  const auto& tid = disconnect.tid;
  bool excluded = false;
  for (const auto& [t, k] : ioc_excludes_) excluded = excluded || tid == ioc_tid(t, k);
  if (scope_ == DisconnectScope::no_disconnect && !excluded)
    violate("cut outside disconnect-scope: " + tid.to_string());
  if (excluded) return;
  for (const auto& [t, k] : ioc_lines_)
    if (tid == ioc_tid(t, k)) violate("configured IOC is cut: " + tid.to_string());
  // Without stafd, stacd only knows its own configuration.
  if (!stafd_.brain && disconnect.reason == Reason::not_configured) return;
  const auto it = wanted_since_.find(tid);
  if (it != wanted_since_.end() && now_ - it->second > kOnItsWay)
    violate("an IOC is cut that is wanted by all that is known: " + tid.to_string());
  if (scope_ == DisconnectScope::only_stas_connections && !ever_wanted_.contains(tid))
    violate("somebody else's connection is cut: " + tid.to_string());
}

void World::check_end() {
  const auto wanted = this->wanted(truth());
  for (const auto& tid : wanted) {
    const bool served = targets_.at(tid.traddr().back() - '1').subsystems.contains(tid.subsysnqn().back() - '0');
    const auto count = std::count_if(devices_.begin(), devices_.end(), [&](const auto& item) {
      return item.second.tid == tid && item.second.device.state == "live";
    });
    if (served && count != 1 && !state_lost_)
      violate("in the end " + tid.to_string() + " has " + std::to_string(count) + " connections");
  }
  // What is still connected and not wanted: only what disconnect-scope keeps, or what was never ours.
  for (const auto& [name, device] : devices_) {
    if (device.kind != ControllerKind::io || wanted.contains(device.tid) || state_lost_) continue;
    if (scope_ == DisconnectScope::all_connections_matching_disconnect_trtypes && !stafd_.brain->controllers().empty())
      violate("in the end " + name + " is connected and nobody wants it: " + device.tid.to_string());
    const Ioc* ioc = stacd_.brain->find(device.tid);
    if (scope_ == DisconnectScope::only_stas_connections && ioc != nullptr && ioc->connected())
      violate("in the end stacd keeps what nobody wants: " + device.tid.to_string());
  }
  for (const auto& dc : stafd_.brain->controllers()) {
    if (!dc.device) continue;
    const int t = dc.tid.traddr().back() - '1';
    if (dc.genctr != targets_.at(t).genctr || dc.entries != entries_of(t))
      violate("in the end the page of " + dc.tid.to_string() + " is stale");
  }
  if (!violation_.empty()) return;

  // Throwing both brains away and starting again changes nothing in the kernel.
  const auto before = print();
  const auto orders = orders_;
  stop_stacd();
  stop_stafd(false);
  run_for(std::chrono::seconds(2));
  start_stacd();
  run_for(std::chrono::seconds(3));
  start_stafd();
  run_for(std::chrono::seconds(30));
  if (print() != before) violate("a restart of both daemons changed the connections:\n" + before + "->\n" + print());
  for (const auto& tid : wanted) {
    const bool served = targets_.at(tid.traddr().back() - '1').subsystems.contains(tid.subsysnqn().back() - '0');
    if (!served) return;  // attempts to connect it are in order
  }
  if (orders_ != orders) violate("a restart of both daemons ordered connects or disconnects");
}

}  // namespace stas::model
