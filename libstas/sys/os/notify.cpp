// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/notify.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "libstas/sys/os/descriptors.h"

namespace stas {

namespace {

tl::unexpected<Error> not_told(const std::string& what, int errnum) {
  return fail(ErrorKind::io,
              "the service manager was not told " + what + ": " + std::generic_category().message(errnum), errnum);
}

}  // namespace

bool is_passing(const Result<void>& told) { return is_shortage(told) || (!told && told.error().errnum == EAGAIN); }

Notifier::Notifier(Loop& loop) : feed_(loop.timer([this] { feed(); })) {}

Result<void> Notifier::start() {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return {};
  if ((*path != '/' && *path != '@') || std::strlen(path) >= sizeof sockaddr_un::sun_path)
    return fail(ErrorKind::invalid_input, std::string("NOTIFY_SOCKET=") + path + " is no address of a service manager");
  fd_ = UniqueFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd_) return not_told("anything", errno);
  path_ = path;
  if (path_.front() == '@') path_.front() = '\0';

  std::uint64_t usec = 0;
  const int wanted = sd_watchdog_enabled(0, &usec);
  if (wanted < 0) return fail(ErrorKind::invalid_input, "WATCHDOG_USEC or WATCHDOG_PID is no number", -wanted);
  if (wanted == 0) return {};
  feed_every_ = std::chrono::microseconds(usec / 2);  // as sd_watchdog_enabled(3) recommends
  feed();
  return {};
}

void Notifier::feed() {
  const auto fed = tell("WATCHDOG=1");
  feed_.arm_after(fed ? feed_every_ : std::min(feed_every_, kFeedAgain));
}

Result<void> Notifier::tell(const std::string& state) const {
  if (path_.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  // A path ends with a zero, an abstract name with the address.
  const std::size_t size = offsetof(sockaddr_un, sun_path) + path_.size() + (path_.front() == '\0' ? 0 : 1);
  if (sendto(fd_.get(), state.data(), state.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)) >= 0)
    return {};
  return not_told(state.substr(0, state.find('\n')), errno);
}

Result<void> Notifier::ready() const { return tell("READY=1"); }

Result<void> Notifier::reloading() const {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  // Type=notify-reload wants to know when the reload began (systemd 253).
  const auto usec = static_cast<long long>(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1000;
  return tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

Result<void> Notifier::stopping() const { return tell("STOPPING=1"); }

void Notifier::status(const std::string& line) {
  if (line != status_ && tell("STATUS=" + line)) status_ = line;
}

}  // namespace stas
