// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/mdns/avahi_poll.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include "libstas/sys/os/unique_fd.h"

namespace {

std::uint32_t to_epoll(int events) {
  std::uint32_t out = 0;
  if ((events & AVAHI_WATCH_IN) != 0) out |= EPOLLIN;
  if ((events & AVAHI_WATCH_OUT) != 0) out |= EPOLLOUT;
  return out;
}

AvahiWatchEvent to_avahi(std::uint32_t revents) {
  int out = 0;
  if ((revents & EPOLLIN) != 0) out |= AVAHI_WATCH_IN;
  if ((revents & EPOLLOUT) != 0) out |= AVAHI_WATCH_OUT;
  if ((revents & EPOLLERR) != 0) out |= AVAHI_WATCH_ERR;
  if ((revents & EPOLLHUP) != 0) out |= AVAHI_WATCH_HUP;
  return static_cast<AvahiWatchEvent>(out);
}

// Avahi's deadlines are on the wall clock; only the distance from now counts, so that a clock step moves none of them.
stas::Duration until(const timeval& deadline) {
  timeval now{};
  gettimeofday(&now, nullptr);
  const auto delay =
      std::chrono::seconds(deadline.tv_sec - now.tv_sec) + std::chrono::microseconds(deadline.tv_usec - now.tv_usec);
  return std::max<stas::Duration>(delay, stas::Duration::zero());
}

}  // namespace

// Opaque in Avahi's header, ours to define.
struct AvahiWatch {
  stas::Loop& loop;
  // A duplicate of its own: libdbus has one watch for reading and one for writing, and epoll takes a descriptor once.
  stas::UniqueFd fd;
  AvahiWatchCallback callback = nullptr;
  void* userdata = nullptr;
  AvahiWatchEvent revents{};
  // After fd. Empty while nothing is asked for: a hung-up peer would wake the loop for ever.
  stas::IoSource source;
  stas::OnceSource failure;  // of watching, told as if the descriptor had failed

  AvahiWatch(stas::Loop& l, stas::UniqueFd own_fd, AvahiWatchCallback cb, void* data)
      : loop(l), fd(std::move(own_fd)), callback(cb), userdata(data), failure(l.once([this] { tell(EPOLLERR); })) {}
  AvahiWatch(const AvahiWatch&) = delete;
  AvahiWatch& operator=(const AvahiWatch&) = delete;

  void update(int events) {
    const std::uint32_t wanted = to_epoll(events);
    if (wanted == 0) {
      source = {};
    } else if (source) {
      source.set_events(wanted);
    } else {
      auto watched = loop.watch(fd.get(), wanted, [this](std::uint32_t value) { tell(value); });
      if (watched)
        source = *std::move(watched);
      else
        failure.arm();
    }
  }

  void tell(std::uint32_t value) {
    revents = to_avahi(value);
    callback(this, fd.get(), revents, userdata);  // may delete this
  }
};

struct AvahiTimeout {
  AvahiTimeoutCallback callback = nullptr;
  void* userdata = nullptr;
  stas::TimerSource timer;

  AvahiTimeout(stas::Loop& loop, AvahiTimeoutCallback cb, void* data) : callback(cb), userdata(data) {
    timer = loop.timer([this] { callback(this, userdata); });  // may delete this
  }
  AvahiTimeout(const AvahiTimeout&) = delete;
  AvahiTimeout& operator=(const AvahiTimeout&) = delete;
  ~AvahiTimeout() = default;

  void update(const timeval* deadline) {
    if (deadline == nullptr) {
      timer.disarm();
    } else {
      timer.arm_after(until(*deadline));
    }
  }
};

namespace {

AvahiWatch* watch_new(const AvahiPoll* api, int fd, AvahiWatchEvent events, AvahiWatchCallback callback,
                      void* userdata) {
  stas::UniqueFd own_fd(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!own_fd) return nullptr;
  auto watch =
      std::make_unique<AvahiWatch>(*static_cast<stas::Loop*>(api->userdata), std::move(own_fd), callback, userdata);
  watch->update(events);
  return watch.release();
}

void watch_update(AvahiWatch* watch, AvahiWatchEvent events) { watch->update(events); }

AvahiWatchEvent watch_get_events(AvahiWatch* watch) { return watch->revents; }

void watch_free(AvahiWatch* watch) { const std::unique_ptr<AvahiWatch> owner(watch); }

AvahiTimeout* timeout_new(const AvahiPoll* api, const timeval* deadline, AvahiTimeoutCallback callback,
                          void* userdata) {
  auto timeout = std::make_unique<AvahiTimeout>(*static_cast<stas::Loop*>(api->userdata), callback, userdata);
  timeout->update(deadline);
  return timeout.release();
}

void timeout_update(AvahiTimeout* timeout, const timeval* deadline) { timeout->update(deadline); }

void timeout_free(AvahiTimeout* timeout) { const std::unique_ptr<AvahiTimeout> owner(timeout); }

}  // namespace

namespace stas {

LoopAvahiPoll::LoopAvahiPoll(Loop& loop) {
  api_.userdata = &loop;
  api_.watch_new = watch_new;
  api_.watch_update = watch_update;
  api_.watch_get_events = watch_get_events;
  api_.watch_free = watch_free;
  api_.timeout_new = timeout_new;
  api_.timeout_update = timeout_update;
  api_.timeout_free = timeout_free;
}

}  // namespace stas
