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

tl::unexpected<Error> cannot_watch(int errnum) {
  return fail(ErrorKind::io, std::string("cannot watch network interfaces: ") + std::strerror(errnum), errnum);
}

}  // namespace

NetworkMonitor::NetworkMonitor(Loop& loop, Look look)
    : loop_(loop), look_(std::move(look)), settle_(loop.timer([this] { this->look(); })) {}

Result<void> NetworkMonitor::start() {
  fd_ = UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd_) return cannot_watch(errno);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return cannot_watch(errno);
  auto io = loop_.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) { drain(); });
  if (!io) return tl::unexpected<Error>(io.error());
  io_ = *std::move(io);
  return {};
}

void NetworkMonitor::look() {
  settling_ = !look_();
  if (settling_)
    settle_.arm_after(backoff_.fail());
  else
    backoff_.reset();
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
