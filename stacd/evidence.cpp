// SPDX-License-Identifier: Apache-2.0
#include "stacd/evidence.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "libstas/core/brain/configured.h"
#include "libstas/core/config/doubt.h"

namespace stas {

namespace {

Finding gone(Reason reason, Instant not_before = {}) {
  Finding finding;
  finding.gone = true;
  finding.reason = reason;
  finding.not_before = not_before;
  return finding;
}

Finding hold(std::string because, Instant until = kNever) {
  Finding finding;
  finding.because = std::move(because);
  finding.until = until;
  return finding;
}

Finding hold_unread(const StafDc& dc, Instant until = kNever) {
  return hold("the log page of " + dc.tid.to_string() + " has not been read yet", until);
}

// A discovery controller that has just changed its page may list it there: the read takes a while.
std::optional<Finding> hold_being_read(const StafView& staf, const EvidenceTiming& timing, Instant unnamed_since,
                                       Instant now) {
  const Instant patience = unnamed_since + timing.patience;
  const StafDc* reading = now < patience ? staf.being_read() : nullptr;
  if (reading == nullptr) return std::nullopt;
  auto wait = hold("the log page of " + reading->tid.to_string() + " is being read", patience);
  wait.passing = true;
  wait.ask_at = staf.asked() + std::max(timing.ask_again, staf.asked() - unnamed_since);  // ever later
  wait.ask_staf = now >= wait.ask_at;
  return wait;
}

}  // namespace

const ControllerLine* unresolved_line_about(const Facts& facts, const Tid& tid) {
  for (const ControllerLine& line : facts.config->controllers) {
    if (line.subsysnqn != tid.subsysnqn() || line.transport != tid.transport()) continue;
    const auto target = target_of(line, *facts.config, *facts.host, facts.names);
    if (!target.resolved && target.excluded == nullptr && could_mean(target.fields, tid)) return &line;
  }
  return nullptr;
}

Finding line_evidence(const Facts& facts, const Tid& tid) {
  if (const auto* doubt = doubt_about(facts.config->doubts, tid); doubt != nullptr)
    return hold("it may be what " + doubt->to_string() + " was meant to say");
  if (const auto* line = unresolved_line_about(facts, tid); line != nullptr)
    return hold("the controller= line for " + line->traddr + " does not resolve and may mean it");
  if (const auto* line = line_with_any_iface(tid, *facts.config, *facts.host, facts.names); line != nullptr)
    return hold("it is what line " + std::to_string(line->line) +
                " of stacd.conf means with ignore-iface=, and nobody knows whether that is there");
  return gone(Reason::not_configured);
}

Finding source_evidence(const Facts& facts, const EvidenceTiming& timing, const Known& known, const Tid& dc,
                        const std::string& origin) {
  const StafView& staf = facts.staf;
  if (!staf.current()) return hold("stafd has not answered");
  auto index = staf.find(dc);
  // Since the host NQN changed it is listed for the new one: what it lists for that one decides about what is connected
  // as such, and about what is not connected.
  const StafDc* renamed = index || !facts.host_nqns.contains(dc.host_nqn()) ? nullptr : staf.for_other_host(dc);
  if (renamed != nullptr && facts.host_nqns.contains(renamed->tid.host_nqn()) &&
      (!known.live || known.tid.host_nqn() == renamed->tid.host_nqn()))
    index = staf.find(renamed->tid);
  if (index) {
    if (!staf.dc(*index).page_known) return hold_unread(staf.dc(*index));
    if (staf.listing(*index).may_mean(known.tid))
      return hold("the log page of " + staf.dc(*index).tid.to_string() +
                  " has an entry that cannot be used and may mean it");
    if (staf.listing(*index).with_any_iface.contains(known.tid))
      return hold("nobody knows whether stacd.conf says ignore-iface=, with which " + staf.dc(*index).tid.to_string() +
                  " lists it");
    return gone(Reason::not_listed);
  }
  // stafd may have ended it under the host NQN that the system has got since.
  const bool ended = staf.ended(dc) || (known.system_host && facts.host_nqns.contains(dc.host_nqn()) &&
                                        staf.ended_for_other_host(dc, facts.host_nqns));
  if (ended || staf.listed_before(dc)) {
    // The same controller under another name lists it again, as soon as it is read.
    const StafDc* heir = staf.unread_at(dc);
    return heir == nullptr ? gone(Reason::dc_gone) : hold_unread(*heir);
  }
  // This instance of stafd never listed it. One that is settled lists every configured controller, so its line was
  // removed while stafd was down, or it has another name, say under another host NQN. Others may just not have been
  // found yet.
  if (origin == "configured" && staf.settled()) {
    const StafDc* heir = staf.unread_at(dc);
    return heir == nullptr ? gone(Reason::dc_gone, staf.since() + timing.long_soak) : hold_unread(*heir);
  }
  return hold("stafd does not list " + dc.to_string() + " again yet");
}

Finding evidence(const Facts& facts, const EvidenceTiming& timing, const Known& known, Instant unnamed_since,
                 Instant now) {
  const StafView& staf = facts.staf;
  if (!known.configured && known.sources.empty()) return hold("nobody knows who wanted it");

  Finding all = gone(Reason::not_configured);
  if (known.configured) {
    all = line_evidence(facts, known.tid);
    if (!all.gone) return all;
  }
  for (const auto& [dc, origin] : known.sources) {
    auto one = source_evidence(facts, timing, known, dc, origin);
    if (!one.gone) return one;
    all.reason = one.reason;
    all.not_before = std::max(all.not_before, one.not_before);
  }
  // A line that cannot be read says nothing about what other sources named, unless it names this one.
  if (const auto* doubt =
          known.configured ? nullptr : doubt_naming(facts.config->doubts, known.tid, ControllerKind::io);
      doubt != nullptr)
    return hold("it may be what " + doubt->to_string() + " was meant to say");
  // A stafd that is there may list it as well, so its answer is awaited; one that is not gets some time to come. Both
  // only so long: what was configured or listed is known to be gone.
  const Instant patience = unnamed_since + timing.patience;
  const Instant look_up = std::max(unnamed_since, facts.loaded) + timing.patience;  // the line may be new
  if (const auto* line = known.configured || now >= look_up ? nullptr : unresolved_line_about(facts, known.tid);
      line != nullptr)
    return hold("the controller= line for " + line->traddr + " does not resolve yet and may mean it", look_up);
  if (!staf.present()) {
    all.not_before = std::max(all.not_before, std::max(facts.started, staf.absent_since()) + timing.long_soak);
  } else if ((!staf.current() || staf.asked() < unnamed_since) && now < patience) {
    auto wait = hold("stafd has not answered", patience);
    wait.ask_staf = wait.passing = true;
    return wait;
  } else {
    // It may have moved to a discovery controller that has only just been found.
    if (const StafDc* unread = staf.young_unread(now, timing.patience); unread != nullptr)
      return hold_unread(*unread, staf.first_listed(unread->tid) + timing.patience);
    if (auto wait = hold_being_read(staf, timing, unnamed_since, now)) return *wait;
  }
  return all;
}

Finding boot_evidence(const Facts& facts, const Tid& tid) {
  if (const auto* doubt = doubt_about(facts.config->boot_doubts, tid); doubt != nullptr)
    return hold("this host may have been booted from it: " + doubt->to_string());
  return gone(Reason::not_wanted);
}

Finding foreign_evidence(const Facts& facts, const EvidenceTiming& timing, const Tid& tid, Instant unnamed_since,
                         Instant now) {
  if (auto boot = boot_evidence(facts, tid); !boot.gone) return boot;
  const StafView& staf = facts.staf;
  if (!staf.current()) return hold("stafd has not answered");
  if (const StafDc* unread = staf.unread(); unread != nullptr) return hold_unread(*unread);
  if (staf.knows_ended() && !staf.settled()) return hold("stafd does not know all that is configured yet");
  for (std::size_t i = 0; i < staf.size(); ++i)
    if (staf.listing(i).may_mean(tid))
      return hold("the log page of " + staf.dc(i).tid.to_string() +
                  " has an entry that cannot be used and may mean it");
  if (auto wait = hold_being_read(staf, timing, unnamed_since, now)) return *wait;
  const auto line = line_evidence(facts, tid);
  return line.gone ? gone(Reason::not_wanted, staf.since() + timing.long_soak) : line;
}

}  // namespace stas
