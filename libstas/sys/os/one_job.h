// SPDX-License-Identifier: Apache-2.0
//
// A thread for one job at a time that may take long, such as a file on a disk that hangs: a thread of its own for each,
// so that no other one keeps it waiting. The job owns its inputs by value; it returns a completion, which the loop
// runs.
#pragma once

#include <functional>
#include <memory>

#include "libstas/core/base/time.h"
#include "libstas/sys/os/loop.h"

namespace stas {

class OneJob {
 public:
  using Completion = std::function<void()>;
  // Neither may throw.
  using Job = std::function<Completion()>;

  // All calls from the loop's thread.
  explicit OneJob(Loop& loop);
  ~OneJob();  // does not wait: a job that runs is left behind, its completion dropped
  OneJob(const OneJob&) = delete;
  OneJob& operator=(const OneJob&) = delete;

  // Until the completion runs.
  bool busy() const { return busy_; }
  // Only when not busy. Without a thread to be had the job runs here, and its completion from the loop.
  void start(Job job);
  // For the end of a process. True: not busy any more, the completion has run from here or before.
  bool wait(Duration limit);
  // A job of this process was left behind and may go on at any time: what destroys its static objects must not follow.
  static bool left_behind();

 private:
  struct Shared;
  void complete();

  std::shared_ptr<Shared> shared_;
  bool busy_ = false;
};

}  // namespace stas
