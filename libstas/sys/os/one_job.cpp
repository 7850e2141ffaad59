// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/one_job.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "libstas/sys/os/thread.h"

namespace stas {

namespace {

std::atomic<bool> some_left_behind = false;

}  // namespace

// With the thread: one that is stuck outlives the object.
struct OneJob::Shared {
  std::mutex mutex;
  std::condition_variable ended;
  Loop* loop = nullptr;     // nullptr: the object is gone
  OneJob* owner = nullptr;  // loop's thread only
  bool done = false;
  Completion completion;
};

OneJob::OneJob(Loop& loop) : shared_(std::make_shared<Shared>()) {
  shared_->loop = &loop;
  shared_->owner = this;
}

OneJob::~OneJob() {
  if (busy_) some_left_behind = true;
  const std::lock_guard lock(shared_->mutex);
  shared_->loop = nullptr;
  shared_->owner = nullptr;
}

void OneJob::start(Job job) {
  busy_ = true;
  auto body = [shared = shared_, job = std::move(job)]() mutable {
    auto completion = job();
    job = nullptr;  // what it owns goes before its end is seen
    const std::lock_guard lock(shared->mutex);
    if (shared->loop == nullptr) return;
    shared->completion = std::move(completion);
    shared->done = true;
    shared->ended.notify_all();
    shared->loop->post([shared] {
      if (shared->owner != nullptr) shared->owner->complete();
    });
  };
  if (!start_thread(body)) body();
}

bool OneJob::left_behind() { return some_left_behind; }

bool OneJob::wait(Duration limit) {
  if (!busy_) return true;
  std::unique_lock lock(shared_->mutex);
  const bool ended = shared_->ended.wait_for(lock, limit, [this] { return shared_->done; });
  lock.unlock();
  if (ended) complete();
  return ended;
}

// Nothing to do when somebody has waited, and for the message of a job that ended before this one began.
void OneJob::complete() {
  std::unique_lock lock(shared_->mutex);
  if (!std::exchange(shared_->done, false)) return;
  const Completion completion = std::exchange(shared_->completion, nullptr);
  lock.unlock();
  busy_ = false;
  if (completion) completion();
}

}  // namespace stas
