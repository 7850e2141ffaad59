// SPDX-License-Identifier: Apache-2.0
#include "stacd/guard.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace stas {

namespace {

class Guard {
 public:
  Guard(Desired& table, const std::vector<const Known*>& known, const Facts& facts, const EvidenceTiming& timing,
        Instant now)
      : table_(table), known_(known), facts_(facts), timing_(timing), now_(now) {}

  void run() {
    if (mode() == DisconnectGuard::off && budget() == 0) return;
    for (std::size_t i = 0; i < table_.rows.size(); ++i)
      if (is_going(table_.rows[i], known_[i])) going_.push_back(i);
    if (going_.empty()) return;
    if (mode() != DisconnectGuard::off) find_carried();
    for (const std::size_t i : going_)
      if (!known_[i]->cutting && !known_[i]->released) judge(table_.rows[i], *known_[i]);
    // What carries now may be lost before the cut is ordered, or ordered again.
    if (mode() != DisconnectGuard::off) table_.by_devices = table_.by_connection = true;
  }

 private:
  DisconnectGuard mode() const { return facts_.config->disconnect_guard; }
  std::size_t budget() const { return static_cast<std::size_t>(facts_.config->max_disconnects_per_minute); }

  static bool is_going(const Row& row, const Known* known) {
    return row.cut && (row.standing == Standing::leaving || row.standing == Standing::refused) && known != nullptr &&
           known->device;
  }

  // The live paths that stay, by their subsystem.
  void find_carried() {
    std::unordered_set<std::string_view> going;
    for (const std::size_t i : going_) going.insert(known_[i]->device->name);
    // What is being cut goes, even if it would stay by now.
    for (const Known* known : known_)
      if (known != nullptr && known->cutting && known->device) going.insert(known->device->name);
    for (const auto& [name, device] : facts_.devices.all())
      if (path_state(&device) == "live" && is_kind(device, ControllerKind::io) && !going.contains(name))
        carried_[device.subsysnqn].push_back(device.ref);
  }

  void judge(Row& row, const Known& known) {
    // An exclude= line names it: whoever wrote it means this controller.
    if (mode() != DisconnectGuard::off && row.reason != Reason::excluded) {
      if (const auto others = carried_.find(row.tid.subsysnqn()); others != carried_.end())
        row.beside = others->second;
      else
        judge_last(row, known);
    }
    if (row.standing != Standing::held && budget() > 0) judge_budget(row);
  }

  void judge_last(Row& row, const Known& known) {
    row.last_path = true;
    if (mode() == DisconnectGuard::warn)
      row.inspect = known.usage.pending == kNever && !is_answered(known.usage, known.leaving_since);
    else
      judge_usage(row, known.usage);
  }

  static bool is_answered(const KnownUsage& usage, Instant since) {
    return usage.asked != kNever && since != kNever && usage.asked >= since;
  }

  void judge_usage(Row& row, const KnownUsage& usage) {
    if (now_ < row.not_before) return at(row.not_before);
    const bool answered = is_answered(usage, row.not_before);
    const Instant due = answered ? look_again_at(usage.asked) : now_;
    const bool waits = usage.pending != kNever;
    if (answered && (now_ < due || (!usage.by.empty() && waits))) {
      if (now_ < due) at(due);
      if (!usage.by.empty()) keep(row, Keeper::guard, usage.by, kNever);
      return;
    }
    row.inspect = !waits;
    if (answered && !usage.by.empty()) return keep(row, Keeper::guard, usage.by, kNever);
    const Instant patience = (waits ? usage.pending : now_) + timing_.inspection;
    if (now_ >= patience) return keep(row, Keeper::guard, "whether it is in use was not found out in time", kNever);
    keep(row, Keeper::guard, "whether it is in use is being looked at", patience);
    row.passing = true;
  }

  // On ticks that are common to all, so that many do not wake anybody more often than one does.
  Instant look_again_at(Instant asked) const {
    const auto ticks = asked.time_since_epoch() / timing_.look_again;
    return Instant((ticks + 2) * timing_.look_again);
  }

  void judge_budget(Row& row) {
    if (now_ < row.not_before) return at(row.not_before);
    const auto& cuts = facts_.cuts;
    const std::size_t allowed = budget();
    if (cuts.size() < allowed) return;
    const Instant free = cuts[cuts.size() - allowed] + timing_.minute;
    if (now_ < free)
      keep(row, Keeper::budget, "max-disconnects-per-minute=" + std::to_string(allowed) + " is used up", free);
  }

  void keep(Row& row, Keeper keeper, const std::string& why, Instant until) {
    row.standing = Standing::held;
    row.keeper = keeper;
    row.because = std::string(to_text(row.reason)) + ", but " + why;
    row.until = until;
  }

  void at(Instant instant) { table_.next = std::min(table_.next, instant); }

  Desired& table_;
  const std::vector<const Known*>& known_;
  const Facts& facts_;
  const EvidenceTiming& timing_;
  const Instant now_;
  std::vector<std::size_t> going_;
  std::unordered_map<std::string_view, std::vector<DeviceRef>> carried_;  // names are in the book of devices
};

}  // namespace

void guard(Desired& table, const std::vector<const Known*>& known, const Facts& facts, const EvidenceTiming& timing,
           Instant now) {
  Guard(table, known, facts, timing, now).run();
}

}  // namespace stas
