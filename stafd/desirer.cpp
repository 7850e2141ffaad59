// SPDX-License-Identifier: Apache-2.0
//
// desire(): the order of things, and how the same name from several sources becomes one row.
#include "stafd/desirer.h"

#include <algorithm>
#include <utility>

#include "libstas/core/config/filter.h"

namespace stas {

namespace {

// Nothing wants it any more; why, its origin tells.
Verdict leaving() {
  Verdict verdict;
  verdict.standing = DcStanding::leaving;
  verdict.connects = false;
  return verdict;
}

bool is_not_included(const Verdict& verdict) {
  return verdict.standing == DcStanding::refused && verdict.reason == Reason::not_included;
}

}  // namespace

Verdict refused(Reason reason) {
  Verdict verdict;
  verdict.standing = DcStanding::refused;
  verdict.reason = reason;
  verdict.connects = false;
  return verdict;
}

Verdict held(Reason reason, std::string waits_for) {
  Verdict verdict;
  verdict.standing = DcStanding::held;
  verdict.reason = reason;
  verdict.waits_for = std::move(waits_for);
  return verdict;
}

Desirer::Desirer(const DcFacts& facts) : f_(facts), started_(facts.started), hosts_(facts.host.nqn) {
  for (const Dc& dc : f_.dcs)
    for (const Tid& parent : dc.sources.parents)
      if (const Dc* known = find(parent); known != nullptr && !known->page_known) children_[parent].push_back(dc.tid);
  for (const Dc& dc : f_.dcs)
    if (dc.system_identity) hosts_.know(dc.tid.host_nqn());
  if (!hosts_.changed()) return;
  for (const Dc& dc : f_.dcs) {
    const bool maybe = !f_.devices_known && dc.tid.host_nqn() != f_.host.nqn;  // nobody knows what is connected
    if (dc.system_identity && (dc.connected() || maybe)) hosts_.add(dc.tid, dc.works);
  }
}

DesiredDcs Desirer::run() {
  configured();
  announced();
  from_other_sources();
  configured_before();
  orphans();
  expand_all();
  orphans_of_the_gone();
  expand_all();
  // What leaves for something that is not ready yet; its own referrals stay with it.
  for (const Dc& dc : f_.dcs) {
    if (!dc.sources.configured && !is_wished(dc.tid) && may_stay(dc.tid) &&
        (keep_for_doubt(dc) || (dc.origin == Origin::referral && keep_for_unresolved(dc))))
      expand_all();
    if ((dc.origin == Origin::referral || dc.sources.configured) && keep_for_replacement(dc)) expand_all();
  }
  renamed();
  return std::move(out_);
}

// The host's NQN changed: what is connected keeps the name it was connected under, everything else has the new one.
Tid Desirer::current(const Tid& tid, bool system_identity) const {
  if (!system_identity || !hosts_.changed()) return tid;
  // Before anybody knows what is connected, what was saved keeps the name that it was saved under.
  if (!f_.devices_known && find(tid) != nullptr) return tid;
  if (const Tid* connection = hosts_.connection_of(tid)) return *connection;
  return hosts_.was(tid.host_nqn()) ? with(tid, &TidFields::host_nqn, f_.host.nqn) : tid;
}

Usability Desirer::usability_as(Origin origin, const Tid& tid) const {
  const bool discovered = origin == Origin::discovered || origin == Origin::referral;
  return discovered ? usability_of_discovered(f_.config, tid) : usability(f_.config, tid);
}

// No include= line lets it in. Where one that cannot be read may, what is known stays as it was.
void Desirer::judge_not_included(const Tid& tid, Wish& wish) const {
  const IncludeDoubt* doubt = include_doubt_about(f_.config, tid);
  if (doubt != nullptr && find(tid) != nullptr)
    wish.verdict = held(Reason::not_included, doubt->to_string());
  else
    wish.verdict = refused(Reason::not_included);
}

// The host-wide list is about connecting: what is known stays as it is, and what is connected, connected.
void Desirer::judge_host_excluded(const Tid& tid, Wish& wish) const {
  const HostExclusion* entry = first_match(f_.config.host_excludes, tid);
  const std::string place = entry == nullptr ? std::string() : entry->place();
  if (find(tid) == nullptr)
    wish.verdict = refused(Reason::host_excluded);
  else if (wish.verdict.standing == DcStanding::wanted)
    wish.verdict = held(Reason::host_excluded, place + " says not to connect it");
  wish.verdict.connects = false;
}

// No more than the exclude= lines and the address family of the host say is asked: who is not to be connected may be
// connected.
bool Desirer::may_stay(const Tid& tid) const {
  const Usability own = usability(f_.config, tid);
  return own == Usability::usable || own == Usability::host_excluded;
}

// The same name from several sources keeps the strongest label, its options, and all sources.
void Desirer::add(Tid tid, Wish wish) {
  tid = current(tid, wish.system_identity);
  switch (usability_as(wish.origin, tid)) {
    case Usability::usable:
      break;
    case Usability::excluded:
      wish.verdict = refused(Reason::excluded);
      if (const auto* rule = first_match(f_.config.excludes, tid)) wish.verdict.line = rule->line;
      break;
    case Usability::family_disabled:
      wish.verdict = refused(Reason::family_disabled);
      if (wish.sources.line != 0 && wish.host_name.empty())
        warn("Excluding configured IP address " + tid.traddr() + " based on \"ip-family\" setting");
      break;
    case Usability::invalid_address:
      wish.verdict = refused(Reason::unusable);
      warn(tid.to_string() + " IP address is not valid");
      break;
    case Usability::invalid_nqn:
      wish.verdict = refused(Reason::unusable);
      warn(tid.to_string() + " NQN cannot be used");
      break;
    case Usability::not_included:
      judge_not_included(tid, wish);
      break;
    case Usability::host_excluded:
      judge_host_excluded(tid, wish);
      break;
  }
  const auto [it, fresh] = out_.wishes.try_emplace(std::move(tid), wish);
  if (fresh) return;
  Wish& known = it->second;
  auto sources = std::move(known.sources);
  const bool present = known.present || wish.present;
  const unsigned depth = std::min(known.depth, wish.depth);
  const bool was_held = known.verdict.standing == DcStanding::held;
  const bool is_held = wish.verdict.standing == DcStanding::held;
  const bool replaced = (known.replaced && (wish.replaced || wish.for_a_while)) || (known.for_a_while && wish.replaced);
  const bool for_a_while = known.for_a_while && wish.for_a_while;
  // That it was discovered and is not let in says nothing about its other sources.
  // What refers to it only as long as it is kept itself is no reason to keep it longer.
  const bool other_counts = is_not_included(known.verdict) || (was_held && !is_held && !wish.for_a_while);
  const auto verdict = other_counts && !is_not_included(wish.verdict) ? wish.verdict : known.verdict;
  sources.configured = sources.configured || wish.sources.configured;
  if (sources.line == 0) sources.line = wish.sources.line;
  sources.announced = sources.announced || wish.sources.announced;
  sources.parents.insert(wish.sources.parents.begin(), wish.sources.parents.end());
  if (sources.other.empty()) sources.other = wish.sources.other;
  if (wish.origin < known.origin) known = std::move(wish);
  known.sources = std::move(sources);
  known.present = present;
  known.depth = depth;
  known.replaced = replaced;
  known.for_a_while = for_a_while;
  known.verdict = verdict;
  if (known.verdict.standing == DcStanding::wanted)
    known.verdict.reason = known.origin == Origin::configured ? Reason::configured
                           : known.origin == Origin::referral ? Reason::referral
                                                              : Reason::discovered;
}

// A source may still name it. It keeps what it has.
void Desirer::keep(const Dc& dc, Origin origin, Sources sources, Hold hold) {
  Wish wish;
  wish.origin = origin;
  wish.sources = std::move(sources);
  wish.replaced = hold.replaced;
  wish.for_a_while = hold.until != kNever;
  wish.options = dc.options == ConnectOptions{} ? f_.config.connect : dc.options;
  wish.host_id = dc.host_id;
  wish.host_name = dc.host_name;
  wish.cfg = dc.cfg;
  wish.system_identity = dc.system_identity;
  wish.verdict = held(Reason::last_known, std::move(hold.waits_for));
  wish.verdict.until = hold.until;
  wish.verdict.connects = hold.connects;
  add(dc.tid, std::move(wish));
}

DesiredDcs desire(const DcFacts& facts) { return Desirer(facts).run(); }

Verdict farewell(const DcFacts& facts, const Dc& dc) {
  Verdict verdict = leaving();
  // By the host name that its line has, or by itself.
  const auto* by_name = dc.host_name.empty()
                            ? nullptr
                            : first_match(facts.config.excludes, with(dc.tid, &TidFields::traddr, dc.host_name));
  if (by_name != nullptr) {
    verdict.reason = Reason::excluded;
    verdict.line = by_name->line;
    return verdict;
  }
  switch (usability(facts.config, dc.tid)) {
    case Usability::usable:
      break;
    case Usability::excluded:
      verdict.reason = Reason::excluded;
      if (const auto* rule = first_match(facts.config.excludes, dc.tid)) verdict.line = rule->line;
      return verdict;
    case Usability::family_disabled:
      verdict.reason = Reason::family_disabled;
      return verdict;
    case Usability::invalid_address:
    case Usability::invalid_nqn:
      verdict.reason = Reason::unusable;
      return verdict;
    case Usability::not_included:
    case Usability::host_excluded:
      break;
  }
  switch (dc.origin) {
    case Origin::configured:
      verdict.reason = Reason::not_configured;
      break;
    case Origin::referral:
      verdict.reason = Reason::no_referral;
      break;
    case Origin::discovered:
      verdict.reason = facts.now >= lost_deadline(dc, facts.config) ? Reason::persistence_over : Reason::not_wanted;
      break;
    case Origin::other:
      verdict.reason = Reason::not_wanted;
      break;
  }
  return verdict;
}

Instant lost_deadline(const Dc& dc, const StafdConfig& config) {
  if (dc.announced.lost_since == kNever || !config.zeroconf_persistence) return kNever;
  return dc.announced.lost_since + *config.zeroconf_persistence;
}

}  // namespace stas
