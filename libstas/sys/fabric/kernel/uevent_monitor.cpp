// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/uevent_monitor.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace stas {

namespace {

// Hundreds of controllers may come and go at once (regressions 2).
constexpr int kReceiveBuffer = 16 << 20;
constexpr std::uint32_t kKernelGroup = 1;
constexpr unsigned kEventsPerWakeUp = 256;

// An event begins with "ACTION@DEVPATH", and the DEVPATH of every fabrics controller with this.
constexpr std::string_view kFabrics = "/devices/virtual/nvme-fabrics/ctl/";
constexpr std::array<std::string_view, 3> kActions = {"add@", "change@", "remove@"};

constexpr std::uint32_t word_at(std::string_view text, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < sizeof word; ++i) word = word << 8 | static_cast<unsigned char>(text[at + i]);
  return word;
}

// What else happens on this machine does not wake us, and takes no room in the buffer: as events of one of the actions
// are compared word by word, all others are dropped by the kernel (Documentation/networking/filter.rst).
std::vector<sock_filter> fabrics_only() {
  std::vector<sock_filter> program;
  for (const auto action : kActions) {
    const std::string begin = std::string(action) + std::string(kFabrics);
    const std::size_t words = begin.size() / sizeof(std::uint32_t);
    for (std::size_t i = 0; i < words; ++i) {
      const std::size_t at = i * sizeof(std::uint32_t);
      // Another word: on to the next action, behind the rest of this one.
      const auto skip = static_cast<std::uint8_t>(2 * (words - i) - 1);
      program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(at)));
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word_at(begin, at), 0, skip));
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, 0xffffffff));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  return program;
}

// Datagrams that this socket had to drop because its buffer was full. ENOBUFS comes only once until the buffer is
// empty, this counter misses none.
std::uint32_t dropped(int fd) {
  std::uint32_t info[SK_MEMINFO_VARS] = {};
  socklen_t length = sizeof info;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0) return 0;
  return info[SK_MEMINFO_DROPS];
}

tl::unexpected<Error> cannot_watch(int errnum) {
  return fail(ErrorKind::io, std::string("cannot watch uevents: ") + std::strerror(errnum), errnum);
}

}  // namespace

Result<void> UeventMonitor::start(Loop& loop, Sink sink) {
  sink_ = std::move(sink);
  fd_ = UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  if (!fd_) return cannot_watch(errno);
  // Forcing it needs CAP_NET_ADMIN; without, the system's limit and the audit have to do.
  if (setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) < 0)
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  auto filter = fabrics_only();
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) return cannot_watch(errno);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kKernelGroup;
  if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return cannot_watch(errno);
  auto io = loop.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) { on_datagrams(); });
  if (!io) return tl::unexpected(io.error());
  io_ = *std::move(io);
  return {};
}

void UeventMonitor::on_datagrams() {
  char buffer[kMaxUevent];
  bool lost = false;
  for (unsigned i = 0; i < kEventsPerWakeUp; ++i) {
    sockaddr_nl from{};
    socklen_t length = sizeof from;
    const ssize_t got =
        recvfrom(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0) {
      lost |= errno != EINTR;  // ENOBUFS, ENOMEM: what could not be kept or given to us
      continue;
    }
    // Only the kernel has port 0; anybody else who writes here pretends.
    if (from.nl_pid != 0) continue;
    if (const auto event = parse_uevent(std::string_view(buffer, static_cast<std::size_t>(got)))) sink_.event(*event);
  }
  const auto drops = dropped(fd_.get());
  lost |= std::exchange(seen_drops_, drops) != drops;
  if (lost) sink_.lost();
}

}  // namespace stas
