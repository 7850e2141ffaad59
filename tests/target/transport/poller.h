// SPDX-License-Identifier: Apache-2.0
//
// epoll behind callbacks, and descriptors that close themselves. A handler may remove itself or any other handler; one
// that was removed is not called again, not even for events already fetched.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "tests/target/core/command.h"

namespace stas::target {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

class Poller {
 public:
  using Handler = std::function<void(std::uint32_t events)>;

  Poller();

  /// Readable whenever wait(0) would call a handler.
  [[nodiscard]] int fd() const { return epoll_.get(); }
  std::uint64_t add(int fd, std::uint32_t events, Handler handler);
  void modify(std::uint64_t id, std::uint32_t events);
  void remove(std::uint64_t id);
  /// Waits at most `timeout` (negative: for ever) and calls the handlers of what is ready.
  void wait(Millis timeout);

 private:
  struct Watch {
    int fd;
    Handler handler;
  };

  UniqueFd epoll_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Watch>> watches_;  // shared with the call that is under way
  std::uint64_t next_id_ = 1;
};

}  // namespace stas::target
