// SPDX-License-Identifier: Apache-2.0
//
// An Executor with threads of its own: blocking work goes to them by a list, and what follows comes back through an
// eventfd in the poller of the target. Threads start with the first work.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/target/backend/executor.h"
#include "tests/target/transport/poller.h"

namespace stas::target {

class WorkerPool final : public Executor {
 public:
  WorkerPool(Poller& poller, std::size_t threads);
  /// Waits for what is under way; what follows it is forgotten.
  ~WorkerPool() override;

  void post(Work work, Work then) override;

 private:
  struct Task {
    Work work;
    Work then;
  };

  void run();
  void collect();

  Poller& poller_;
  std::size_t threads_wanted_;
  UniqueFd wake_;
  std::uint64_t watch_ = 0;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Task> waiting_;  // guarded by mutex_
  std::vector<Work> done_;    // guarded by mutex_
  bool stop_ = false;         // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace stas::target
