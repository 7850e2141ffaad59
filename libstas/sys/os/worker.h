// SPDX-License-Identifier: Apache-2.0
//
// Threads for what blocks: writes that wait for the kernel, ioctls, name resolution. A job runs on a thread and owns
// its inputs by value; it returns a completion, which the loop runs. Jobs are started in the order of submission,
// except that a bounded number per key (the address, the device) run at once, so that one dead peer never takes all
// threads (law 4).
//
// A thread inside the kernel cannot be interrupted. stop() therefore waits for a bounded time and leaves the rest
// behind detached: such a thread keeps only the pool's own state alive, and its completion is dropped.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "libstas/core/base/time.h"
#include "libstas/sys/os/loop.h"

namespace stas {

struct WorkerLimits {
  std::size_t threads = 16;
  std::size_t per_key = 1;     // jobs with the same key that run at the same time
  std::size_t queued = 65536;  // jobs that wait for a thread or for their key
};

class Worker {
 public:
  using Completion = std::function<void()>;
  // Neither may throw. An empty completion is allowed.
  using Job = std::function<Completion()>;

  static constexpr Duration kStopWait = std::chrono::seconds(2);

  explicit Worker(Loop& loop, WorkerLimits limits = {});
  ~Worker();  // stop(kStopWait), unless it was stopped
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Loop's thread only. False: stopped, too many jobs wait, or there is no thread to be had; the job was not taken.
  [[nodiscard]] bool submit(std::string key, Job job);

  // Forgets the jobs that wait, then waits for the running ones, at most `wait`. True when every thread has ended.
  // Nothing runs on the loop afterwards. May be called more than once.
  bool stop(Duration wait);

  // Jobs that were taken and whose completion has not run yet.
  std::size_t pending() const;

 private:
  struct State;
  // Shared with the threads: one that is stuck in the kernel outlives this object.
  std::shared_ptr<State> state_;
};

}  // namespace stas
