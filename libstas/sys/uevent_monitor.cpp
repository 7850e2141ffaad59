// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/uevent_monitor.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-device.h>
#include <systemd/sd-event.h>
#include <unistd.h>

namespace stas {

namespace {

// Hundreds of controllers may come and go at once (regressions 2).
constexpr std::size_t kReceiveBuffer = 16U << 20;
constexpr std::uint32_t kKernelGroup = 1;
constexpr unsigned kEventsPerWakeUp = 256;

std::string_view text_or_empty(const char* text) { return text != nullptr ? text : ""; }

std::string_view property(sd_device* device, const char* key) {
  const char* value = nullptr;
  return sd_device_get_property_value(device, key, &value) < 0 ? std::string_view() : text_or_empty(value);
}

std::string_view action_text(sd_device* device) { return property(device, "ACTION"); }

// Datagrams that this socket had to drop because its buffer was full. sd-device swallows the ENOBUFS, this counter does
// not lie.
std::uint32_t dropped(int fd) {
  std::uint32_t info[SK_MEMINFO_VARS] = {};
  socklen_t length = sizeof info;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0) return 0;
  return info[SK_MEMINFO_DROPS];
}

tl::unexpected<Error> cannot_watch(int errnum) {
  return fail(ErrorKind::io, std::string("cannot watch uevents: ") + std::strerror(errnum), errnum);
}

bool has_udevd() { return access("/run/udev/control", F_OK) == 0; }

}  // namespace

struct UeventMonitor::State {
  Sink sink;
  sd_device_monitor* monitor = nullptr;
  int monitor_fd = -1;
  std::uint32_t seen_drops = 0;
  int kernel_fd = -1;
  IoSource kernel_source;

  ~State() {
    if (monitor != nullptr) sd_device_monitor_unref(monitor);
    kernel_source = IoSource();
    if (kernel_fd >= 0) close(kernel_fd);
  }

  void check_lost(int fd) {
    const auto drops = dropped(fd);
    if (drops == seen_drops) return;
    seen_drops = drops;
    sink.lost();
  }

  static int on_device(sd_device_monitor*, sd_device* device, void* data) {
    auto* self = static_cast<State*>(data);
    const char* name = nullptr;
    if (sd_device_get_sysname(device, &name) >= 0) {
      const auto event = make_uevent(action_text(device), text_or_empty(name), property(device, "NVME_AEN"),
                                     property(device, "NVME_EVENT"));
      if (event) self->sink.event(*event);
    }
    self->check_lost(self->monitor_fd);
    return 0;
  }

  Result<void> start_udev(Loop& loop) {
    int r = sd_device_monitor_new(&monitor);
    if (r >= 0) r = sd_device_monitor_filter_add_match_subsystem_devtype(monitor, "nvme", nullptr);
    if (r < 0) return cannot_watch(-r);
    // Needs privileges; without, the default buffer and the audit have to do.
    sd_device_monitor_set_receive_buffer_size(monitor, kReceiveBuffer);
    r = sd_device_monitor_attach_event(monitor, loop.native());
    if (r >= 0) r = sd_device_monitor_start(monitor, on_device, this);
    if (r < 0) return cannot_watch(-r);
    monitor_fd = sd_event_source_get_io_fd(sd_device_monitor_get_event_source(monitor));
    return {};
  }

  Result<void> start_kernel(Loop& loop) {
    kernel_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    if (kernel_fd < 0) return cannot_watch(errno);
    const int size = static_cast<int>(kReceiveBuffer);
    if (setsockopt(kernel_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0) {
      setsockopt(kernel_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = kKernelGroup;
    if (bind(kernel_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return cannot_watch(errno);
    kernel_source = loop.watch(kernel_fd, EPOLLIN, [this](std::uint32_t) { on_datagrams(); });
    return {};
  }

  void on_datagrams() {
    char buffer[kMaxUevent];
    for (unsigned i = 0; i < kEventsPerWakeUp; ++i) {
      sockaddr_nl from{};
      socklen_t length = sizeof from;
      const ssize_t got =
          recvfrom(kernel_fd, buffer, sizeof buffer, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == ENOBUFS) {
        sink.lost();
        continue;
      }
      if (got < 0) return;
      // Only the kernel has port 0; anybody else who writes here pretends.
      if (from.nl_pid != 0) continue;
      if (const auto event = parse_uevent(std::string_view(buffer, static_cast<std::size_t>(got)))) sink.event(*event);
    }
  }
};

UeventMonitor::UeventMonitor() = default;
UeventMonitor::~UeventMonitor() = default;

Result<void> UeventMonitor::start(Loop& loop, Sink sink) {
  state_ = std::make_unique<State>();
  state_->sink = std::move(sink);
  return has_udevd() ? state_->start_udev(loop) : state_->start_kernel(loop);
}

}  // namespace stas
