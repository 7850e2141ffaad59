// SPDX-License-Identifier: Apache-2.0
#include "stacd/rehearsal.h"

#include <utility>

#include "libstas/core/brain/rehearsal.h"
#include "stacd/origin.h"

namespace stas {

namespace {

// Past everything that ends by itself: a replacement may be waited for, then the page of a new discovery controller.
Duration horizon(const ConnectorTiming& timing) { return timing.long_soak + 3 * timing.patience; }

class ConnectorRehearsal final : public Rehearsal<Connector> {
 public:
  ConnectorRehearsal(Connector brain, const PlanFiles& files, Instant now, Duration ahead)
      : Rehearsal(std::move(brain), ControllerKind::io, files, now, ahead) {}

  Plan plan_of_reload(const StacdConfigured& next) {
    reload(what_is_in_flight(), next);
    return end();
  }

  Plan plan_of_start(const StacdConfigured& first, const std::vector<Event>& facts) {
    start(facts, first);
    return end();
  }

 private:
  Plan end() {
    add_what_stays();
    return std::move(plan_);
  }

  const Row* row_of(const Tid& tid) const { return brain_.is_current() ? brain_.table().find(tid) : nullptr; }

  std::string source_of(const Row& row) const {
    auto rule = refused_by(row, *brain_.config(), file_);
    return rule.empty() ? named_by(row, file_) : rule;
  }

  std::string source_of(const Tid& tid) const override {
    const Row* row = row_of(tid);
    return row == nullptr ? std::string() : source_of(*row);
  }

  std::string why_cut(const Tid& tid, Reason reason) const override {
    const Row* row = brain_.table().find(tid);
    const std::string text(to_text(reason));
    if (row != nullptr && row->last_path && brain_.config()->disconnect_guard == DisconnectGuard::hold)
      return text + "; kept if it is in use then";
    return row != nullptr && row->rule == nullptr && !row->because.empty() ? text + "; " + row->because : text;
  }

  std::string advice_on(const Connect& order) const override {
    const Row* row = row_of(order.tid);
    return row == nullptr ? std::string() : tls_advice(row->entry, row->line != nullptr, order.options);
  }

  std::string why_it_stays(const Tid& tid) const override {
    const Row* row = row_of(tid);
    return row == nullptr ? std::string() : stas::why_it_stays(*row);
  }

  // Operations and a question.
  std::vector<Event> what_is_in_flight() {
    std::vector<Event> answers;
    for (const Ioc& ioc : brain_.controllers()) {
      if (ioc.op == Ioc::Op::connect) {
        add(ioc.tid, Fate::connect, {}, Reason::none).why = "being connected";
        answers.emplace_back(OpDone{ioc.op_id, Connected{device_for(ioc.tid)}});
      } else if (ioc.op == Ioc::Op::disconnect) {
        const Row* row = row_of(ioc.tid);
        add(ioc.tid, Fate::disconnect, ioc.device ? ioc.device->name : std::string(),
            row != nullptr ? row->reason : Reason::none)
            .why = "being disconnected";
        answers.emplace_back(OpDone{ioc.op_id, Disconnected{}});
      }
      if (ioc.usage.pending != kNever) answers.emplace_back(OpDone{ioc.usage_op, Usage{ioc.usage.by}});
    }
    if (brain_.is_asking_staf() && brain_.staf().current()) answers.emplace_back(brain_.staf().answer());
    return answers;
  }

  std::optional<Event> answer_to(const Action& action) override {
    // What is in use stays in use; of the rest nobody knows.
    if (const auto* inspect = std::get_if<InspectUsage>(&action)) {
      const Ioc* ioc = brain_.find(inspect->tid);
      return OpDone{inspect->op, Usage{ioc != nullptr ? ioc->usage.by : std::string()}};
    }
    // A stafd that has not answered yet is not spoken for.
    if (!std::holds_alternative<FetchStafPages>(action) || !brain_.staf().current()) return std::nullopt;
    return brain_.staf().answer();
  }

  std::vector<Earlier> tracked() const override {
    std::vector<Earlier> all;
    for (const Ioc& ioc : brain_.controllers()) {
      if (ioc.foreign) continue;
      const DeviceRef* device = brain_.device_of(ioc);
      const Row* row = brain_.table().find(ioc.tid);
      Earlier earlier{ioc.tid, device != nullptr ? device->name : std::string(),
                      row != nullptr ? named_by(*row, file_) : "", ioc.device.has_value()};
      if (earlier.source.empty()) earlier.source = remembered_by(ioc);
      all.push_back(std::move(earlier));
    }
    return all;
  }

  std::unordered_map<std::string, Tid> owners() const override {
    std::unordered_map<std::string, Tid> owners;
    for (const Ioc& ioc : brain_.controllers())
      if (ioc.device) owners.emplace(ioc.device->name, ioc.tid);
    return owners;
  }

  void add_what_stays() {
    for (const Row& row : brain_.table().rows) {
      if (happened(row.tid)) continue;
      const Ioc* ioc = brain_.find(row.tid);
      const DeviceRef* device = ioc != nullptr ? brain_.device_of(*ioc) : nullptr;
      PlannedStep step{row.tid, Fate::keep, device != nullptr ? device->name : std::string(), {}, kNever, row.reason,
                       {},      {}};
      step.why = row.because.empty() ? std::string(to_text(row.reason)) : row.because;
      step.source = source_of(row);
      if (row.standing == Standing::held || row.standing == Standing::leaving) {
        step.fate = Fate::hold;
        step.until = row.until;
      } else if (row.standing == Standing::refused) {
        step.fate = row.waits() ? Fate::wait : Fate::refuse;
      } else if (row.standing == Standing::wanted && device == nullptr) {
        step.fate = Fate::wait;
        step.why = brain_.devices().complete() ? "no attempt is due" : "the devices of this host are not known yet";
      } else if (row.standing == Standing::foreign && step.why.empty()) {
        step.why = "not ours";
      }
      if (step.source.empty()) step.source = earlier_source(row.tid);
      plan_.steps.push_back(std::move(step));
    }
  }
};

}  // namespace

Plan plan(Connector scratch, const StacdConfigured& reload, const PlanFiles& files, Instant now) {
  const Duration ahead = horizon(scratch.timing());
  return ConnectorRehearsal(std::move(scratch), files, now, ahead).plan_of_reload(reload);
}

Plan plan_start(Connector restored, const StacdConfigured& first, const std::vector<Event>& facts,
                const PlanFiles& files, Instant now) {
  const Duration ahead = horizon(restored.timing());
  return ConnectorRehearsal(std::move(restored), files, now, ahead).plan_of_start(first, facts);
}

}  // namespace stas
