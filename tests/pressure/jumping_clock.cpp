// SPDX-License-Identifier: Apache-2.0
//
// A library to preload into a daemon (LD_PRELOAD): its wall clock is that of the machine and so many seconds more or
// less as the file STAS_CLOCK_FILE says, which holds a number of 64 bits. Whoever writes another one into it lets the
// clock jump. What counts time itself (CLOCK_MONOTONIC and the others) is left alone, as the kernel does when an
// administrator sets the clock.
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

/// Where the offset is; a zero of our own if there is no such file. Stays mapped to the end.
const volatile std::int64_t* offset() {
  static const std::int64_t none = 0;
  static const volatile std::int64_t* const there = []() -> const volatile std::int64_t* {
    const char* path = std::getenv("STAS_CLOCK_FILE");
    const int fd = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return &none;
    void* page = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    return page == MAP_FAILED ? &none : static_cast<const volatile std::int64_t*>(page);
  }
  ();
  return there;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* when) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, when));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) when->tv_sec += *offset();
  return result;
}

int gettimeofday(timeval* when, void* /*zone*/) noexcept {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  when->tv_sec = now.tv_sec;
  when->tv_usec = now.tv_nsec / 1000;
  return result;
}

std::time_t time(std::time_t* when) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (when != nullptr) *when = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
