// SPDX-License-Identifier: Apache-2.0
//
// The epoll wrapper.
#include "tests/target/transport/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>

namespace stas::target {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

std::uint64_t Poller::add(int fd, std::uint32_t events, Handler handler) {
  const auto id = next_id_++;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return 0;
  watches_.emplace(id, std::make_shared<Watch>(Watch{fd, std::move(handler)}));
  return id;
}

void Poller::modify(std::uint64_t id, std::uint32_t events) {
  const auto it = watches_.find(id);
  if (it == watches_.end()) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, it->second->fd, &event);
}

void Poller::remove(std::uint64_t id) {
  const auto it = watches_.find(id);
  if (it == watches_.end()) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, it->second->fd, nullptr);
  watches_.erase(it);
}

void Poller::wait(Millis timeout) {
  std::array<epoll_event, 64> events{};
  const int wait_ms = timeout.count() < 0 ? -1 : static_cast<int>(std::min<Millis::rep>(timeout.count(), 3600000));
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms);
  for (int i = 0; i < count; ++i) {
    // epoll_event is packed: its members are copied, not referred to.
    const epoll_event event = events[static_cast<std::size_t>(i)];
    const std::uint64_t id = event.data.u64;
    const auto it = watches_.find(id);
    if (it == watches_.end()) continue;
    const auto watch = it->second;  // stays alive although the handler may remove it
    watch->handler(event.events);
  }
}

}  // namespace stas::target
