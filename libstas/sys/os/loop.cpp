// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/loop.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <systemd/sd-event.h>
#include <unistd.h>

namespace stas {

namespace {

constexpr std::uint64_t kTimerAccuracyUs = 1000;

// At start there may be no descriptors, later no memory: there is no way to go on, and nothing to save that is not
// saved already. No core dump either: it would hold secrets.
void require(int r, const char* what) {
  if (r >= 0) return;
  std::fprintf(stderr, "Fatal error: event loop: %s: %s\n", what, std::strerror(-r));
  std::_Exit(EXIT_FAILURE);
}

// Once the loop has ended, its sources can no longer be changed, and need not be.
bool ended(sd_event_source* source) {
  return sd_event_get_state(sd_event_source_get_event(source)) == SD_EVENT_FINISHED;
}

}  // namespace

namespace detail {

// What sd-event points back to. The callback is moved out for the call, so that a handle may die inside its callback.
struct Source {
  sd_event_source* source = nullptr;
  std::function<void(std::uint32_t)> callback;
  bool* destroyed = nullptr;  // set while the callback runs

  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    if (destroyed != nullptr) *destroyed = true;
    if (source != nullptr) sd_event_source_disable_unref(source);
  }

  void fire(std::uint32_t value) {
    bool gone = false;
    destroyed = &gone;
    auto call = std::move(callback);
    call(value);
    if (gone) return;
    destroyed = nullptr;
    callback = std::move(call);
  }
};

namespace {

int on_io(sd_event_source*, int, std::uint32_t revents, void* data) {
  static_cast<Source*>(data)->fire(revents);
  return 0;
}
int on_time(sd_event_source*, std::uint64_t, void* data) {
  static_cast<Source*>(data)->fire(0);
  return 0;
}
int on_signal(sd_event_source*, const signalfd_siginfo*, void* data) {
  static_cast<Source*>(data)->fire(0);
  return 0;
}
int on_defer(sd_event_source*, void* data) {
  static_cast<Source*>(data)->fire(0);
  return 0;
}

}  // namespace
}  // namespace detail

EventSource::EventSource() = default;
EventSource::EventSource(EventSource&&) noexcept = default;
EventSource& EventSource::operator=(EventSource&&) noexcept = default;
EventSource::~EventSource() = default;

void IoSource::set_events(std::uint32_t events) {
  if (ended(source_->source)) return;
  require(sd_event_source_set_io_events(source_->source, events), "set io events");
}

void TimerSource::arm(Instant at) {
  if (at == kNever) return disarm();
  const auto us = at.time_since_epoch().count();
  if (ended(source_->source)) return;
  require(sd_event_source_set_time(source_->source, us > 0 ? static_cast<std::uint64_t>(us) : 0), "set time");
  require(sd_event_source_set_enabled(source_->source, SD_EVENT_ONESHOT), "arm timer");
}

void TimerSource::arm_after(Duration delay) {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  arm(Instant(std::chrono::seconds(ts.tv_sec) + std::chrono::microseconds(ts.tv_nsec / 1000)) + delay);
}

void TimerSource::disarm() {
  if (ended(source_->source)) return;
  require(sd_event_source_set_enabled(source_->source, SD_EVENT_OFF), "disarm timer");
}

// sd-event takes first what has been pending longest, and a deferred call is pending from the moment it is added, also
// while it is off. So it is added anew when it is asked for: otherwise it came before everything else, always.
void OnceSource::arm() {
  if (ended(source_->source)) return;
  int enabled = SD_EVENT_OFF;
  require(sd_event_source_get_enabled(source_->source, &enabled), "look at deferred call");
  if (enabled != SD_EVENT_OFF) return;
  sd_event* const event = sd_event_source_get_event(source_->source);
  sd_event_source_disable_unref(std::exchange(source_->source, nullptr));
  require(sd_event_add_defer(event, &source_->source, detail::on_defer, source_.get()), "arm deferred call");
}

// Callbacks handed over by other threads. It can belong to the loop: workers are stopped before the loop goes.
struct Loop::Posted {
  int fd = -1;
  sd_event_source* source = nullptr;
  std::mutex mutex;
  std::vector<std::function<void()>> queue;

  ~Posted() {
    if (source != nullptr) sd_event_source_disable_unref(source);
    if (fd >= 0) close(fd);
  }

  static int on_wake(sd_event_source*, int fd, std::uint32_t, void* data) {
    auto* self = static_cast<Posted*>(data);
    std::uint64_t count = 0;
    if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN) return -errno;
    std::vector<std::function<void()>> ready;
    {
      const std::lock_guard lock(self->mutex);
      ready.swap(self->queue);
    }
    for (auto& callback : ready) callback();
    return 0;
  }
};

Loop::Loop() : posted_(std::make_unique<Posted>()) {
  require(sd_event_new(&event_), "new");
  posted_->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  require(posted_->fd < 0 ? -errno : 0, "eventfd");
  require(sd_event_add_io(event_, &posted_->source, posted_->fd, EPOLLIN, Posted::on_wake, posted_.get()),
          "add wake-up");
  // With its first timer sd-event opens a timerfd, which later ones share.
  timer([] {});
}

Loop::~Loop() {
  posted_.reset();
  sd_event_unref(event_);
}

Instant Loop::now() const {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return Instant(std::chrono::seconds(ts.tv_sec) + std::chrono::microseconds(ts.tv_nsec / 1000));
}

Result<IoSource> Loop::watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> callback) {
  IoSource handle;
  handle.source_ = std::make_unique<detail::Source>();
  handle.source_->callback = std::move(callback);
  const int r = sd_event_add_io(event_, &handle.source_->source, fd, events, detail::on_io, handle.source_.get());
  if (r < 0) return fail(ErrorKind::busy, std::string("event loop: ") + std::strerror(-r), -r);
  return handle;
}

TimerSource Loop::timer(std::function<void()> callback) {
  TimerSource handle;
  handle.source_ = std::make_unique<detail::Source>();
  handle.source_->callback = [call = std::move(callback)](std::uint32_t) { call(); };
  require(sd_event_add_time(event_, &handle.source_->source, CLOCK_MONOTONIC, std::numeric_limits<std::uint64_t>::max(),
                            kTimerAccuracyUs, detail::on_time, handle.source_.get()),
          "add timer");
  handle.disarm();
  return handle;
}

EventSource Loop::signal(int signo, std::function<void()> callback) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  require(-pthread_sigmask(SIG_BLOCK, &set, nullptr), "block signal");
  EventSource handle;
  handle.source_ = std::make_unique<detail::Source>();
  handle.source_->callback = [call = std::move(callback)](std::uint32_t) { call(); };
  require(sd_event_add_signal(event_, &handle.source_->source, signo, detail::on_signal, handle.source_.get()),
          "add signal");
  return handle;
}

OnceSource Loop::once(std::function<void()> callback) {
  OnceSource handle;
  handle.source_ = std::make_unique<detail::Source>();
  handle.source_->callback = [call = std::move(callback)](std::uint32_t) { call(); };
  require(sd_event_add_defer(event_, &handle.source_->source, detail::on_defer, handle.source_.get()),
          "add deferred call");
  require(sd_event_source_set_enabled(handle.source_->source, SD_EVENT_OFF), "disarm deferred call");
  return handle;
}

void Loop::post(std::function<void()> callback) {
  {
    const std::lock_guard lock(posted_->mutex);
    posted_->queue.push_back(std::move(callback));
  }
  const std::uint64_t one = 1;
  // Only fails when the counter is full, and then the loop is going to wake up anyway.
  [[maybe_unused]] const auto written = write(posted_->fd, &one, sizeof one);
}

int Loop::run() {
  const int r = sd_event_loop(event_);
  require(r, "run");
  return r;
}

void Loop::quit(int code) { sd_event_exit(event_, code); }

bool Loop::run_once(Duration timeout) {
  if (sd_event_get_state(event_) == SD_EVENT_FINISHED) return false;
  const auto us = timeout.count();
  return sd_event_run(event_, us < 0 ? 0 : static_cast<std::uint64_t>(us)) >= 0 &&
         sd_event_get_state(event_) != SD_EVENT_FINISHED;
}

}  // namespace stas
