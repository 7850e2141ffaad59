// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/worker.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "libstas/sys/os/thread.h"

namespace stas {

struct Worker::State : std::enable_shared_from_this<Worker::State> {
  struct Waiting {
    std::uint64_t number = 0;  // order of submission
    Job job;
  };
  struct Lane {
    std::deque<Waiting> waiting;
    std::size_t running = 0;
  };
  struct Taken {
    std::string key;
    Job job;
  };

  explicit State(Loop& owner, WorkerLimits bounds) : limits(bounds), loop(&owner) {}

  const WorkerLimits limits;
  mutable std::mutex mutex;
  std::condition_variable work;   // a job may have become ready, or the end has come
  std::condition_variable ended;  // a thread has ended
  Loop* loop;                     // nullptr after stop
  std::map<std::string, Lane> lanes;
  std::map<std::uint64_t, std::string> ready;  // first job of each lane that may start, by order of submission
  std::uint64_t next_number = 0;
  std::size_t waiting = 0;
  std::size_t idle = 0;
  std::size_t threads = 0;
  std::size_t unfinished = 0;

  // All that follows: with the mutex held, unless said otherwise.

  void mark_ready(const std::string& key, const Lane& lane) {
    if (!lane.waiting.empty() && lane.running < limits.per_key) ready.emplace(lane.waiting.front().number, key);
  }

  Taken take() {
    auto first = ready.extract(ready.begin());
    Taken taken{std::move(first.mapped()), {}};
    Lane& lane = lanes[taken.key];
    taken.job = std::move(lane.waiting.front().job);
    lane.waiting.pop_front();
    ++lane.running;
    --waiting;
    mark_ready(taken.key, lane);
    grow();
    return taken;
  }

  void release(const std::string& key) {
    const auto found = lanes.find(key);
    Lane& lane = found->second;
    // Its next job was held back only if the lane was full.
    const bool was_full = lane.running-- == limits.per_key;
    if (lane.running == 0 && lane.waiting.empty()) {
      lanes.erase(found);
    } else if (was_full) {
      mark_ready(key, lane);
    }
  }

  bool start_thread() {
    if (!stas::start_thread([self = shared_from_this()] { self->run(); })) return false;
    ++threads;
    ++idle;
    return true;
  }

  // More jobs could start than threads are free.
  void grow() {
    if (ready.size() > idle && threads < limits.threads) start_thread();
  }

  // On a pool thread, mutex not held.
  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      work.wait(lock, [this] { return loop == nullptr || !ready.empty(); });
      --idle;
      if (loop == nullptr) break;
      Taken taken = take();
      lock.unlock();
      Completion completion = taken.job();
      taken.job = nullptr;  // what it owns goes before its completion is seen
      lock.lock();
      finish(taken.key, std::move(completion));
      ++idle;
    }
    --threads;
    ended.notify_all();
  }

  void finish(const std::string& key, Completion completion) {
    release(key);
    if (loop == nullptr) return;
    loop->post([self = shared_from_this(), completion = std::move(completion)] { self->complete(completion); });
  }

  // On the loop's thread, mutex not held.
  void complete(const Completion& completion) {
    {
      const std::lock_guard lock(mutex);
      if (loop == nullptr) return;
      --unfinished;
    }
    if (completion) completion();
  }
};

Worker::Worker(Loop& loop, WorkerLimits limits) : state_(std::make_shared<State>(loop, limits)) {}

Worker::~Worker() {
  std::unique_lock lock(state_->mutex);
  const bool stopped = state_->loop == nullptr;  // whoever did it has waited
  lock.unlock();
  if (!stopped) stop(kStopWait);
}

bool Worker::submit(std::string key, Job job) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  if (s.loop == nullptr || s.waiting >= s.limits.queued) return false;
  if (s.threads == 0 && !s.start_thread()) return false;

  auto& lane = s.lanes[key];
  const bool first = lane.waiting.empty();
  lane.waiting.push_back({s.next_number++, std::move(job)});
  ++s.waiting;
  ++s.unfinished;
  if (first) s.mark_ready(key, lane);
  s.grow();
  s.work.notify_one();
  return true;
}

bool Worker::stop(Duration wait) {
  State& s = *state_;
  std::map<std::string, State::Lane> forgotten;  // destroyed without the mutex: jobs may own anything
  std::unique_lock lock(s.mutex);
  s.loop = nullptr;
  s.ready.clear();
  s.waiting = 0;
  s.unfinished = 0;
  for (auto& [key, lane] : s.lanes) forgotten[key].waiting.swap(lane.waiting);
  s.work.notify_all();
  const bool all = s.ended.wait_for(lock, wait, [&s] { return s.threads == 0; });
  lock.unlock();
  return all;
}

std::size_t Worker::pending() const {
  const std::lock_guard lock(state_->mutex);
  return state_->unfinished;
}

}  // namespace stas
