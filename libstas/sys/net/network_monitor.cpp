// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/network_monitor.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace stas {

namespace {

constexpr unsigned kMessagesPerWakeUp = 256;
constexpr WorkerLimits kOneThread = {.threads = 1, .per_key = 1, .queued = 1};

tl::unexpected<Error> cannot_watch(int errnum) {
  return fail(ErrorKind::io, std::string("cannot watch network interfaces: ") + std::strerror(errnum), errnum);
}

}  // namespace

NetworkMonitor::NetworkMonitor(Loop& loop, Seen seen, Read read)
    : loop_(loop),
      seen_(std::move(seen)),
      read_(std::move(read)),
      settle_(loop.timer([this] {
        settling_ = false;
        look();
      })),
      patience_(loop.timer([this] { impatient(); })),
      worker_(loop, kOneThread) {}

NetworkMonitor::~NetworkMonitor() { worker_.stop(Duration::zero()); }

Result<void> NetworkMonitor::start() {
  fd_ = UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd_) return cannot_watch(errno);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return cannot_watch(errno);
  auto io = loop_.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) { drain(); });
  if (!io) return tl::unexpected(io.error());
  io_ = *std::move(io);
  return {};
}

void NetworkMonitor::look(Then then) {
  if (then) {
    if (waiting_.empty() && waiting_for_next_.empty()) patience_.arm_after(kPatience);
    (looking_ ? waiting_for_next_ : waiting_).push_back(std::move(then));
  }
  if (looking_)
    once_more_ = true;
  else
    begin();
}

void NetworkMonitor::begin() {
  looking_ = worker_.submit("interfaces", [this, read = read_] {
    auto interfaces = read();
    return Worker::Completion([this, interfaces = std::move(interfaces)]() mutable { finish(std::move(interfaces)); });
  });
  if (!looking_) finish(fail(ErrorKind::busy, "network interfaces: there is no thread to look at them"));
}

void NetworkMonitor::finish(Result<Interfaces> interfaces) {
  looking_ = false;
  if (interfaces) {
    backoff_.reset();
    seen_(std::move(*interfaces));
  } else if (!std::exchange(settling_, true)) {
    settle_.arm_after(backoff_.fail());
  }
  const auto answered = std::exchange(waiting_, std::exchange(waiting_for_next_, {}));
  if (waiting_.empty()) patience_.disarm();
  for (const auto& then : answered) then();
  if (std::exchange(once_more_, false) && !looking_) begin();
}

void NetworkMonitor::impatient() {
  auto waiting = std::exchange(waiting_, {});
  for (auto& then : std::exchange(waiting_for_next_, {})) waiting.push_back(std::move(then));
  for (const auto& then : waiting) then();
}

void NetworkMonitor::drain() {
  char ignored[1];
  for (unsigned i = 0; i < kMessagesPerWakeUp; ++i) {
    const ssize_t got = recv(fd_.get(), ignored, sizeof ignored, MSG_DONTWAIT | MSG_TRUNC);
    // ENOBUFS: some were lost, which is news as well.
    if (got < 0 && errno != EINTR && errno != ENOBUFS) break;
  }
  if (!std::exchange(settling_, true)) settle_.arm_after(kNetworkSettles);
}

}  // namespace stas
