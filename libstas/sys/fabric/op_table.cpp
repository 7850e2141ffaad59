// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/op_table.h"

#include <utility>

namespace stas {

OpTable::OpTable(Loop& loop)
    : loop_(loop), timer_(loop.timer([this] { on_deadline(); })), flush_(loop.once([this] { flush(); })) {}

OpTable::Over OpTable::begin(OpId op, Duration limit, Error late) {
  Pending& pending = pending_[op];
  pending.late = std::move(late);
  pending.over = std::make_shared<std::atomic<bool>>(false);
  set_deadline(op, pending, loop_.now() + limit);
  return pending.over;
}

bool OpTable::extend(OpId op, Duration limit, Error late) {
  const auto found = pending_.find(op);
  if (found == pending_.end()) return false;
  deadlines_.erase({found->second.deadline, op});
  found->second.late = std::move(late);
  set_deadline(op, found->second, loop_.now() + limit);
  return true;
}

void OpTable::finish(OpId op, OpResult result) {
  const auto found = pending_.find(op);
  if (found == pending_.end()) return;
  found->second.over->store(true);
  deadlines_.erase({found->second.deadline, op});
  pending_.erase(found);
  arm();
  if (sink_) sink_(OpDone{op, std::move(result)});
}

void OpTable::finish_later(OpId op, OpResult result) {
  later_.emplace_back(op, std::move(result));
  flush_.arm();
}

void OpTable::flush() {
  for (auto& [id, answer] : std::exchange(later_, {})) finish(id, std::move(answer));
}

void OpTable::set_deadline(OpId op, Pending& pending, Instant deadline) {
  pending.deadline = deadline;
  deadlines_.emplace(deadline, op);
  arm();
}

void OpTable::on_deadline() {
  const Instant now = loop_.now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const OpId op = deadlines_.begin()->second;
    Error late = pending_.at(op).late;
    finish(op, std::move(late));
  }
  arm();
}

void OpTable::arm() { timer_.arm(deadlines_.empty() ? kNever : deadlines_.begin()->first); }

}  // namespace stas
