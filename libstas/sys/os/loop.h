// SPDX-License-Identifier: Apache-2.0
//
// Thin RAII around sd-event: one loop per daemon, one thread that decides. A handle that is destroyed cancels its
// source; its callback is never called afterwards, also when the handle dies inside the callback. Callbacks must not
// throw.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"

typedef struct sd_event sd_event;
typedef struct sd_event_source sd_event_source;

namespace stas {

class Loop;

namespace detail {
struct Source;
}

// Common handle: move-only, empty when default-constructed.
class EventSource {
 public:
  EventSource();
  EventSource(EventSource&&) noexcept;
  EventSource& operator=(EventSource&&) noexcept;
  ~EventSource();
  explicit operator bool() const { return source_ != nullptr; }

 protected:
  friend class Loop;
  std::unique_ptr<detail::Source> source_;
};

// Watches one descriptor (not owned); `events` are EPOLLIN, EPOLLOUT; EPOLLERR and EPOLLHUP always come.
class IoSource : public EventSource {
 public:
  void set_events(std::uint32_t events);
};

// One-shot timer on the monotonic clock, 1 ms accuracy; not armed until set.
class TimerSource : public EventSource {
 public:
  void arm(Instant at);  // kNever disarms
  void arm_after(Duration delay);
  void disarm();
};

// A call that is owed: made once, however often it was asked for, and in its turn, after what was waiting for the loop
// before it was asked for. Asked for again in its own callback, it comes once more, and again in its turn.
class OnceSource : public EventSource {
 public:
  void arm();
};

class Loop {
 public:
  // Takes all descriptors that the loop itself will need. Without them, and without memory, there is nothing to go on
  // with: the process says so and ends with status 1, here and in all members that promise no error.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Instant now() const;  // the real monotonic clock, not the cached time of the iteration

  // An error is a shortage (of memory, of what epoll may watch).
  Result<IoSource> watch(int fd, std::uint32_t events, std::function<void(std::uint32_t revents)> callback);
  TimerSource timer(std::function<void()> callback);
  // Blocks the signal in this thread and delivers it here. Call before any thread is started.
  EventSource signal(int signo, std::function<void()> callback);
  OnceSource once(std::function<void()> callback);  // not armed

  // From any thread: run `callback` on the loop's thread.
  void post(std::function<void()> callback);

  int run();  // until quit(); returns its code, or 1 when the loop itself fails, which is said on standard error
  void quit(int code);
  // One iteration, waits at most `timeout`; for tests. False after quit().
  bool run_once(Duration timeout);

  sd_event* native() const { return event_; }

 private:
  struct Posted;
  sd_event* event_ = nullptr;
  std::unique_ptr<Posted> posted_;
};

}  // namespace stas
