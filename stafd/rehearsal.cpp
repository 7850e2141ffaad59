// SPDX-License-Identifier: Apache-2.0
#include "stafd/rehearsal.h"

#include <utility>

#include "libstas/core/brain/explanation.h"
#include "libstas/core/brain/rehearsal.h"
#include "stafd/origin.h"

namespace stas {

namespace {

// Past everything that ends by itself: a replacement is waited for, read, perhaps doubted for being young.
Duration horizon(const FinderTiming& timing) { return timing.soak + timing.young_hold + 3 * timing.handover; }

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : "; ") + item;
  return text;
}

class FinderRehearsal final : public Rehearsal<Finder> {
 public:
  FinderRehearsal(Finder brain, const PlanFiles& files, Instant now, Duration ahead)
      : Rehearsal(std::move(brain), ControllerKind::discovery, files, now, ahead) {}

  Plan plan_of_reload(const StafdConfigured& next) {
    reload(what_is_in_flight(), next);
    return end();
  }

  Plan plan_of_start(const StafdConfigured& first, const std::vector<Event>& facts) {
    start(facts, first);
    return end();
  }

 private:
  Plan end() {
    add_what_stays();
    return std::move(plan_);
  }

  std::string source_of(const Tid& tid, const Sources& sources, const Verdict& verdict) const {
    auto rule = refused_by(verdict, *brain_.config(), file_);
    if (!rule.empty()) return rule;
    const bool named = verdict.standing == DcStanding::wanted || verdict.standing == DcStanding::refused;
    return named ? joined(named_by(brain_, tid, sources, true, file_)) : std::string();
  }

  std::string source_of(const Tid& tid) const override {
    const Dc* dc = brain_.config() == nullptr ? nullptr : brain_.find(tid);
    return dc == nullptr ? std::string() : source_of(tid, dc->sources, dc->verdict);
  }

  std::string why_cut(const Tid& /*tid*/, Reason reason) const override { return std::string(to_text(reason)); }

  std::string advice_on(const Connect& order) const override {
    const Dc* dc = brain_.find(order.tid);
    return dc == nullptr ? std::string() : referral_tls_advice(brain_, *dc);
  }

  std::vector<Event> what_is_in_flight() {
    std::vector<Event> answers;
    for (const auto& [op, flight] : brain_.in_flight()) {
      const Dc* dc = brain_.controllers().find(flight.name);
      if (dc == nullptr) continue;
      if (flight.op == Dc::Op::connect) {
        add(dc->tid, Fate::connect, {}, Reason::none).why = "being connected";
        answers.emplace_back(OpDone{op, Connected{device_for(dc->tid)}});
      } else if (flight.op == Dc::Op::disconnect) {
        add(dc->tid, Fate::disconnect, flight.device.name, dc->verdict.reason).why = "being disconnected";
        answers.emplace_back(OpDone{op, Disconnected{}});
      } else if (flight.op == Dc::Op::register_ || flight.op == Dc::Op::deregister) {
        answers.emplace_back(OpDone{op, Registered{}});
      } else if (flight.op == Dc::Op::supported) {
        answers.emplace_back(OpDone{op, SupportedDlp{}});
      } else if (flight.op == Dc::Op::page) {
        answers.emplace_back(OpDone{op, page_of(*dc)});
      }
    }
    return answers;
  }

  std::optional<Event> answer_to(const Action& action) override {
    if (const auto* registration = std::get_if<Register>(&action)) return OpDone{registration->op, Registered{}};
    if (const auto* supported = std::get_if<FetchSupported>(&action)) return OpDone{supported->op, SupportedDlp{}};
    const auto* fetch = std::get_if<FetchLogPage>(&action);
    const Dc* dc = fetch == nullptr ? nullptr : brain_.find(fetch->tid);
    if (dc == nullptr) return std::nullopt;
    return OpDone{fetch->op, page_of(*dc)};
  }

  // What is known of it, or of another name of the same controller.
  LogPage page_of(const Dc& dc) const {
    const Connection* connection = brain_.connection_of(dc);
    if (connection != nullptr && connection->page.known) {
      const Page& page = connection->page;
      // No need to copy it, unless it is doubted for being young: then it turns out to be as it was.
      const bool doubted = connection->reading == Connection::Reading::young;
      if (connection->fresh() && !doubted) return LogPage{page.genctr, true, {}, 0, {}, {}};
      return LogPage{page.genctr, false, page.entries, 0, {}, {}};
    }
    if (dc.page_known) return LogPage{dc.genctr, false, dc.entries, 0, {}, {}};
    for (const Dc& other : brain_.controllers())
      if (other.page_known && same_place(other.tid, dc.tid))
        return LogPage{other.genctr, false, other.entries, 0, {}, {}};
    return {};
  }

  std::vector<Earlier> tracked() const override {
    std::vector<Earlier> all;
    if (brain_.config() == nullptr) return all;
    for (const Dc& dc : brain_.controllers()) {
      const bool sure = dc.verdict.standing == DcStanding::wanted;
      all.push_back({dc.tid, dc.device ? dc.device->name : std::string(),
                     joined(named_by(brain_, dc.tid, dc.sources, sure, file_)), false});
    }
    return all;
  }

  std::unordered_map<std::string, Tid> owners() const override {
    std::unordered_map<std::string, Tid> owners;
    for (const Dc& dc : brain_.controllers())
      if (dc.device) owners.emplace(dc.device->name, dc.tid);
    return owners;
  }

  void add_what_stays() {
    for (const Dc& dc : brain_.controllers())
      if (!happened(dc.tid)) plan_.steps.push_back(what_stays(dc));
    for (const auto& [tid, wish] : brain_.refused()) {
      if (happened(tid) || brain_.find(tid) != nullptr) continue;
      plan_.steps.push_back({tid,
                             Fate::refuse,
                             {},
                             {},
                             kNever,
                             wish.verdict.reason,
                             std::string(to_text(wish.verdict.reason)),
                             source_of(tid, wish.sources, wish.verdict)});
    }
    for (const Tid& tid : brain_.unresolved()) {
      PlannedStep step{tid, Fate::wait, {}, {}, kNever, Reason::configured, "its host name has no address yet", {}};
      for (const ControllerLine& line : brain_.config()->controllers)
        if (line.traddr == tid.traddr()) step.source = place(file_, line.line);
      plan_.steps.push_back(std::move(step));
    }
  }

  PlannedStep what_stays(const Dc& dc) const {
    const Verdict& verdict = dc.verdict;
    PlannedStep step{dc.tid, Fate::keep, dc.device ? dc.device->name : std::string(), {}, kNever, verdict.reason,
                     {},     {}};
    step.why = verdict.waits_for.empty() ? std::string(to_text(verdict.reason)) : verdict.waits_for;
    if (verdict.standing == DcStanding::held) {
      step.fate = Fate::hold;
      step.until = verdict.until;
    } else if (!verdict.stays()) {  // not yet
      step.fate = Fate::hold;
      step.until = verdict.not_before;
    } else if (!dc.device) {
      step.fate = Fate::wait;
      step.why = brain_.devices().complete() ? "no attempt is due" : "the devices of this host are not known yet";
    }
    step.source = source_of(dc.tid, dc.sources, verdict);
    if (step.source.empty()) step.source = earlier_source(dc.tid);
    return step;
  }
};

}  // namespace

Plan plan(Finder scratch, const StafdConfigured& reload, const PlanFiles& files, Instant now) {
  const Duration ahead = horizon(scratch.timing());
  return FinderRehearsal(std::move(scratch), files, now, ahead).plan_of_reload(reload);
}

Plan plan_start(Finder restored, const StafdConfigured& first, const std::vector<Event>& facts, const PlanFiles& files,
                Instant now) {
  const Duration ahead = horizon(restored.timing());
  return FinderRehearsal(std::move(restored), files, now, ahead).plan_of_start(first, facts);
}

}  // namespace stas
