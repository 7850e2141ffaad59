// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/log_queue.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "libstas/sys/os/thread.h"

namespace stas {

namespace {

// With what a message costs beside its characters, so that many short ones have a bound as well.
std::size_t size_of(const LogMessage& message) {
  constexpr std::size_t kPerString = sizeof(std::string) + 16;
  return std::accumulate(message.fields.begin(), message.fields.end(), sizeof message + message.text.size(),
                         [](std::size_t sum, const std::string& field) { return sum + kPerString + field.size(); });
}

}  // namespace

struct LogQueue::State {
  struct Waiting {
    std::size_t dropped_before = 0;
    std::optional<LogMessage> message;  // none: only the number is to be told
  };

  State(Write w, Missing m) : write(std::move(w)), missing(std::move(m)) {}

  const Write write;
  const Missing missing;
  std::mutex mutex;
  std::condition_variable news;   // something waits, or the end has come
  std::condition_variable ended;  // the thread has ended
  std::deque<Waiting> waiting;
  std::size_t bytes = 0;    // of `waiting`
  std::size_t dropped = 0;  // behind all that waits
  bool ending = false;
  bool running = false;

  // has_room() and take(): with the mutex held.

  bool has_room(std::size_t size) const { return bytes + size <= (dropped > 0 ? kRoomAgain : kMaxWaiting); }

  Waiting take() {
    if (waiting.empty()) return {std::exchange(dropped, 0), std::nullopt};
    Waiting next = std::move(waiting.front());
    waiting.pop_front();
    bytes -= size_of(*next.message);
    return next;
  }

  // On the thread.
  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      news.wait(lock, [this] { return ending || !waiting.empty() || dropped > 0; });
      if (waiting.empty() && dropped == 0) break;
      const Waiting next = take();
      lock.unlock();
      if (next.dropped_before > 0) write(missing(next.dropped_before));
      if (next.message) write(*next.message);
      lock.lock();
    }
    running = false;
    ended.notify_all();
  }
};

LogQueue::LogQueue(std::shared_ptr<State> state) : state_(std::move(state)) {}

std::unique_ptr<LogQueue> LogQueue::start(Write write, Missing missing) {
  auto state = std::make_shared<State>(std::move(write), std::move(missing));
  const std::lock_guard lock(state->mutex);
  state->running = start_thread([state] { state->run(); });
  if (!state->running) return nullptr;
  return std::unique_ptr<LogQueue>(new LogQueue(state));
}

LogQueue::~LogQueue() {
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->news.notify_all();
  state_->ended.wait_for(lock, kFlushWait, [this] { return !state_->running; });
}

void LogQueue::push(LogMessage message) {
  State& s = *state_;
  const std::size_t size = size_of(message);
  const std::lock_guard lock(s.mutex);
  if (!s.has_room(size)) {
    ++s.dropped;
    return;
  }
  s.waiting.push_back({std::exchange(s.dropped, 0), std::move(message)});
  s.bytes += size;
  s.news.notify_one();
}

}  // namespace stas
