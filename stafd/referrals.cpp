// SPDX-License-Identifier: Apache-2.0
//
// desire(): the referrals of what stays.
#include <algorithm>
#include <utility>

#include "libstas/core/config/filter.h"
#include "libstas/core/discovery/entry_tid.h"
#include "libstas/core/identity/nqn.h"
#include "stafd/desirer.h"

namespace stas {

namespace {

Sources referred_by(const Tid& parent) {
  Sources sources;
  sources.parents = {parent};
  return sources;
}

}  // namespace

// Entries with DUPRETINFO lead to the same information: one that works is enough (regressions 24). One that is
// connected and read serves; before it is, those that were known stay, and the next in order is tried when the ones
// before it have failed.
std::set<std::size_t> Desirer::chosen_duplicates(const Dc& parent, const std::vector<Tid>& tids) const {
  std::set<std::size_t> chosen;
  std::vector<std::size_t> duplicates;
  for (std::size_t i = 0; i < tids.size(); ++i) {
    if (tids[i] == parent.tid || usability_as(Origin::referral, tids[i]) != Usability::usable) continue;
    const Dc* dc = find(tids[i]);
    if (dc != nullptr && dc->page_fresh) return {i};
    duplicates.push_back(i);
  }
  bool served = false;
  for (const std::size_t i : duplicates) {
    const Dc* dc = find(tids[i]);
    if (dc == nullptr || !(dc->page_known || dc->reachable())) continue;
    chosen.insert(i);
    served = served || dc->reachable() || dc->attempts < 2;
  }
  // Another page may have one of them tried already.
  for (const std::size_t i : duplicates) {
    const Dc* dc = find(tids[i]);
    if (served || dc == nullptr || dc->op != Dc::Op::connect || dc->attempts > 1) continue;
    chosen.insert(i);
    served = true;
  }
  for (const std::size_t i : duplicates) {
    if (served) break;
    const Dc* dc = find(tids[i]);
    chosen.insert(i);
    served = dc == nullptr || dc->reachable() || dc->attempts < 2;
  }
  return chosen;
}

void Desirer::refer(std::map<Tid, Wish>& found, const Dc& parent, const Wish& parent_wish) {
  const unsigned depth = parent_wish.depth + 1;
  const auto child_of = [&](const Tid& tid) {
    Wish wish;
    wish.origin = Origin::referral;
    wish.sources.parents = {parent.tid};
    wish.options = merged(f_.config.connect, {});
    wish.options.dhchap_secret = parent_wish.options.dhchap_secret;
    wish.options.dhchap_ctrl_secret = parent_wish.options.dhchap_ctrl_secret;
    wish.options.missing = parent_wish.options.missing;
    wish.host_id = parent_wish.host_id;
    wish.system_identity = parent.system_identity || tid.host_nqn() == f_.host.nqn;
    wish.depth = depth;
    wish.for_a_while = parent_wish.for_a_while;
    wish.verdict.reason = Reason::referral;
    return wish;
  };
  std::vector<Tid> duplicates;
  for (const Dlpe* entry : parent.entries.services()) {
    if (entry->subtype != kDlpSubtypeReferral) continue;
    const auto entry_tid = tid_of_entry(*entry, parent.tid, f_.config.ignore_iface);
    if (!entry_tid) continue;
    const Tid tid = current(*entry_tid, parent.system_identity);
    if (tid == parent.tid) continue;
    if (depth > kMaxReferralDepth) {
      warn(tid.to_string() + " is ignored: the chain of referrals that leads to it is longer than " +
           std::to_string(kMaxReferralDepth));
      continue;
    }
    if (entry->dupretinfo())
      duplicates.push_back(tid);
    else
      found.emplace(tid, child_of(tid));
  }
  for (const std::size_t i : chosen_duplicates(parent, duplicates))
    found.emplace(duplicates[i], child_of(duplicates[i]));
}

// The host NQN changed while an operation under the old one is in flight: until that ends, the page is with the old
// name.
const Dc* Desirer::predecessor(const Tid& tid) const {
  if (!hosts_.changed() || tid.host_nqn() != f_.host.nqn) return nullptr;
  for (const Dc& dc : f_.dcs)
    if (dc.system_identity && dc.tid != tid && with(dc.tid, &TidFields::host_nqn, f_.host.nqn) == tid) return &dc;
  return nullptr;
}

// Breadth first from the roots, so that loops end and only what is still reachable from a controller that stays counts:
// the referrals of one that is being removed go with it (D-18).
void Desirer::expand_all() {
  std::vector<Tid> level;
  for (const auto& [tid, wish] : out_.wishes)
    if (wish.verdict.stays() && visited_.insert(tid).second) level.push_back(tid);
  while (!level.empty()) {
    std::vector<Tid> next;
    const auto visit = [&](const Tid& tid) {
      if (is_wished(tid) && visited_.insert(tid).second) next.push_back(tid);
    };
    for (const Tid& tid : level) {
      const Dc* parent = find(tid);
      if (parent == nullptr) parent = predecessor(tid);
      if (parent == nullptr) continue;
      std::map<Tid, Wish> found;
      refer(found, *parent, out_.wishes.at(tid));
      for (auto& [child, wish] : found) {
        add(child, std::move(wish));
        visit(child);
      }
      // Nobody has seen its page since it referred to these.
      const auto unread = children_.find(tid);
      if (unread == children_.end()) continue;
      for (const Tid& child : unread->second) {
        const Dc* known = find(child);
        if (found.contains(child) || known == nullptr || !may_stay(child)) continue;
        keep(*known, Origin::referral, referred_by(tid), {"the log page of " + tid.to_string()});
        visit(child);
      }
    }
    level = std::move(next);
  }
}

}  // namespace stas
