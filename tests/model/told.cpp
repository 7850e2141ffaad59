// SPDX-License-Identifier: Apache-2.0
//
// What stacd was told by stafd, and wants with its own lines: from when on, for which host, with NCC or without.
#include <algorithm>
#include <array>
#include <utility>

#include "tests/model/world.h"

namespace stas::model {

namespace {

std::size_t z(int i) { return static_cast<std::size_t>(i); }

}  // namespace

void World::update_told(const std::vector<StafDc>& dcs) {
  const auto before = told_pages_;
  const auto hosts_before = std::exchange(told_hosts_, {});
  told_pages_.fill({});
  const Paths had_ncc = std::exchange(told_some_ncc_, Paths());
  told_ncc_.reset();
  Paths connected_ones;
  std::array<HostSet, kPaths> sources;
  for (const auto& dc : dcs) {
    const auto source = find_dc(dc.tid);
    for (const auto& entry : dc.entries) {
      if (entry.subtype != kDlpSubtypeNvme) continue;
      const auto host = host_of_address(entry.traddr);
      if (!host) continue;
      const int path = path_of(*host, entry.subnqn.back() - '0');
      told_pages_[z(path)].set(z(source ? iface_of_dc(*source) : 0));
      for (int who = 0; who < 2; ++who)
        if (dc.tid.host_nqn() == identity(who).nqn) told_hosts_[z(path)].set(z(who));
      (entry.ncc() ? told_ncc_ : connected_ones).set(z(path));
      if (source) sources[z(path)].set(z(host_of_dc(*source)));
    }
  }
  for (std::size_t path = 0; path < kPaths; ++path) {
    // Another source, another start.
    if (told_pages_[path].any() && before[path].none())
      std::erase_if(stacd_.voices, [&](const auto& item) {
        return item.second.first.find(subsystem_nqn_of(static_cast<int>(path))) != std::string::npos;
      });
    ever_told_.set(path, ever_told_.test(path) || told_pages_[path].any());
    if (told_pages_[path].any())
      unlisted_since_[path] = kNever;
    else if (before[path].any())
      unlisted_since_[path] = now_;
  }
  for (std::size_t path = 0; path < kPaths; ++path)
    for (int who = 0; who < 2; ++who)
      if (told_hosts_[path].test(z(who)) && !hosts_before[path].test(z(who)))
        std::erase_if(stacd_.voices, [&](const auto& item) {
          return item.first.ends_with(identity(who).nqn) &&
                 item.second.first.find(subsystem_nqn_of(static_cast<int>(path))) != std::string::npos;
        });
  // Listed for another host than before: a new name.
  for (auto& [key, attempts] : stacd_.attempts) {
    const auto path = z(path_of_ioc(name_of_attempt(key)));
    if ((told_hosts_[path] & ~hosts_before[path]).none()) continue;
    attempts.excused = true;
    attempts.early = Instant{};
  }
  told_some_ncc_ = told_ncc_;
  told_ncc_ &= ~connected_ones;
  // Connected to its central controller again: a reason to try at once.
  for (auto& [key, attempts] : stacd_.attempts)
    if (had_ncc.test(z(path_of_ioc(name_of_attempt(key)))) && !told_ncc_.test(z(path_of_ioc(name_of_attempt(key)))))
      attempts.excused = true;
  for (std::size_t path = 0; path < kPaths; ++path)
    if (had_ncc.test(path) && !told_ncc_.test(path) && told_pages_[path].any()) ncc_cleared_at_[path] = now_;
  for (const auto& of_path : sources)
    if (of_path.count() > 1) note(Feature::two_dcs_list_it);
  update_told_set();
}

void World::update_told_set() {
  IocNames told = wanted_iocs(DcNames());
  for (int path = 0; path < static_cast<int>(kPaths); ++path) {
    const bool bound = !stac_force_.ignore_iface && !is_fc(path % kSubs) && !is_rdma(path % kSubs);
    for (int iface = 0; iface < kIfaces; ++iface)
      if (told_pages_[z(path)].test(z(iface)) && usable_ioc(path) && stac_lets_in_.test(z(path)))
        told.set(z(ioc_name(path, bound ? iface : 0, 0)));
  }
  for (std::size_t name = 0; name < kIocNames; ++name) {
    if (told.test(name) == told_.test(name)) continue;
    (told.test(name) ? told_since_ : told_left_)[name] = now_;
    for (int who = 0; who < 3 && told.test(name); ++who) {
      auto& attempts = stacd_.attempts[attempt_key(static_cast<int>(name), who)];
      attempts.excused = true;
      attempts.early = Instant{};
    }
  }
  told_ = told;
}

// By a controller= line with a host name, whatever else.
bool World::is_named(bool io, int name) const {
  return io ? stac_force_.lines.test(z(path_of_ioc(name) * kVariants + kByName))
            : staf_force_.lines.test(z(host_of_dc(name) * kVariants + kByName));
}

}  // namespace stas::model
