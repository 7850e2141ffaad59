// SPDX-License-Identifier: Apache-2.0
//
// The operations a fabric was given and has not answered yet. Each is answered exactly once: by its result, or by its
// deadline; what comes after that is dropped here. A job on a worker can ask whether it is still wanted.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "libstas/core/brain/event.h"
#include "libstas/sys/os/loop.h"

namespace stas {

class OpTable {
 public:
  using Sink = std::function<void(Event)>;
  // True as soon as the operation has been answered; read by worker threads.
  using Over = std::shared_ptr<const std::atomic<bool>>;

  explicit OpTable(Loop& loop);

  void set_sink(Sink sink) { sink_ = std::move(sink); }

  // `late` is the answer when the deadline passes.
  Over begin(OpId op, Duration limit, Error late);
  // A new deadline with another answer, counted from now. False: answered already.
  bool extend(OpId op, Duration limit, Error late);
  bool is_pending(OpId op) const { return pending_.find(op) != pending_.end(); }

  // Emits OpDone at once; nothing if it was answered before. Not for use inside submit().
  void finish(OpId op, OpResult result);
  // The same from a later iteration of the loop.
  void finish_later(OpId op, OpResult result);

  std::size_t size() const { return pending_.size(); }

 private:
  struct Pending {
    Instant deadline;
    Error late;
    std::shared_ptr<std::atomic<bool>> over;
  };

  void set_deadline(OpId op, Pending& pending, Instant deadline);
  void on_deadline();
  void flush();
  void arm();

  Loop& loop_;
  Sink sink_;
  std::map<OpId, Pending> pending_;
  std::set<std::pair<Instant, OpId>> deadlines_;
  TimerSource timer_;
  std::vector<std::pair<OpId, OpResult>> later_;
  OnceSource flush_;
};

}  // namespace stas
