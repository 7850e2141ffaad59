// SPDX-License-Identifier: Apache-2.0
//
// The worker threads.
#include "tests/target/transport/worker_pool.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>

namespace stas::target {

WorkerPool::WorkerPool(Poller& poller, std::size_t threads)
    : poller_(poller), threads_wanted_(threads), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  watch_ = poller_.add(wake_.get(), EPOLLIN, [this](std::uint32_t) { collect(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    waiting_.clear();
  }
  ready_.notify_all();
  for (auto& thread : threads_) thread.join();
  poller_.remove(watch_);
}

void WorkerPool::post(Work work, Work then) {
  if (threads_.empty()) {
    // Signals are for the program's own thread.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    for (std::size_t i = 0; i < threads_wanted_; ++i) threads_.emplace_back([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(work), std::move(then)});
  }
  ready_.notify_one();
}

void WorkerPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (stop_) return;
    Task task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task.work();
    task.work = nullptr;
    lock.lock();
    done_.push_back(std::move(task.then));
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto put = ::write(wake_.get(), &one, sizeof one);
  }
}

void WorkerPool::collect() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
  std::vector<Work> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  for (const auto& then : done) then();
}

}  // namespace stas::target
