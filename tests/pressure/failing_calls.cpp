// SPDX-License-Identifier: Apache-2.0
//
// A library to preload into a daemon (LD_PRELOAD): it counts the calls to the system that the daemon and its libraries
// make, and lets one of them fail, once. STAS_FAIL_NAME and STAS_FAIL_CALL: which one of that name, from 1;
// STAS_FAIL_ERRNO: with what. With STAS_CALLS_FILE the name of each call goes to that file, a line each: that is how a
// test learns how many there are.
// Only calls that may fail without the caller being at fault; close() and the like are left alone.
#undef _FILE_OFFSET_BITS  // with 64, open() would be another name for open64()
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

std::atomic<long> calls = 0;
constexpr int kMostEventfds = 4096;
std::atomic<bool> is_eventfd[kMostEventfds];

long number_of(const char* variable) {
  const char* text = getenv(variable);
  return text == nullptr ? 0 : atol(text);
}

// True: this is the one. errno says with what it fails.
bool fails(const char* name) {
  static const char* const of = getenv("STAS_FAIL_NAME");
  static const long which = number_of("STAS_FAIL_CALL");
  static const int with = static_cast<int>(number_of("STAS_FAIL_ERRNO"));
  static const int list = [] {
    const char* path = getenv("STAS_CALLS_FILE");
    return path == nullptr
               ? -1
               : static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }();
  if (list >= 0) {
    char line[64];
    std::strncpy(line, name, sizeof line - 2);
    line[sizeof line - 2] = '\0';
    std::strcat(line, "\n");
    syscall(SYS_write, list, line, std::strlen(line));
  }
  if (of == nullptr || std::strcmp(of, name) != 0 || ++calls != which) return false;
  errno = with;
  return true;
}

}  // namespace

// A function of the C library that reports failure as `failure` and errno.
#define FAILING(result, failure, name, parameters, arguments)                     \
  extern "C" result name parameters {                                             \
    using Function = result(*) parameters;                                        \
    static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, #name)); \
    if (fails(#name)) return failure;                                             \
    return real arguments;                                                        \
  }
// The same for one whose mode comes behind an ellipsis.
#define FAILING_OPEN(name, parameters, arguments)                                             \
  extern "C" int name parameters {                                                            \
    va_list rest;                                                                             \
    va_start(rest, flags);                                                                    \
    const unsigned mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, unsigned) : 0U; \
    va_end(rest);                                                                             \
    using Function = int(*) parameters;                                                       \
    static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, #name));             \
    if (fails(#name)) return -1;                                                              \
    return real arguments;                                                                    \
  }

FAILING(int, -1, socket, (int family, int type, int protocol), (family, type, protocol))
FAILING(int, -1, bind, (int fd, const sockaddr* address, socklen_t size), (fd, address, size))
FAILING(int, -1, connect, (int fd, const sockaddr* address, socklen_t size), (fd, address, size))
FAILING(ssize_t, -1, send, (int fd, const void* data, size_t size, int flags), (fd, data, size, flags))
FAILING(ssize_t, -1, sendto, (int fd, const void* data, size_t size, int flags, const sockaddr* to, socklen_t length),
        (fd, data, size, flags, to, length))
FAILING(ssize_t, -1, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))
FAILING(ssize_t, -1, recv, (int fd, void* data, size_t size, int flags), (fd, data, size, flags))
FAILING(ssize_t, -1, recvfrom, (int fd, void* data, size_t size, int flags, sockaddr* from, socklen_t* length),
        (fd, data, size, flags, from, length))
FAILING(ssize_t, -1, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags))
FAILING(int, -1, getsockopt, (int fd, int level, int name, void* value, socklen_t* size),
        (fd, level, name, value, size))
FAILING(int, -1, setsockopt, (int fd, int level, int name, const void* value, socklen_t size),
        (fd, level, name, value, size))
FAILING(int, -1, getsockname, (int fd, sockaddr* address, socklen_t* size), (fd, address, size))
FAILING(ssize_t, -1, read, (int fd, void* data, size_t size), (fd, data, size))
FAILING(ssize_t, -1, writev, (int fd, const iovec* pieces, int count), (fd, pieces, count))
FAILING(int, -1, epoll_create1, (int flags), (flags))
FAILING(int, -1, epoll_ctl, (int epoll, int operation, int fd, epoll_event* event), (epoll, operation, fd, event))
FAILING(int, -1, epoll_wait, (int epoll, epoll_event* events, int most, int timeout), (epoll, events, most, timeout))
FAILING(int, -1, ppoll, (pollfd * fds, nfds_t count, const timespec* timeout, const sigset_t* mask),
        (fds, count, timeout, mask))
FAILING(int, -1, signalfd, (int fd, const sigset_t* mask, int flags), (fd, mask, flags))
FAILING(int, -1, timerfd_create, (clockid_t clock, int flags), (clock, flags))
FAILING(int, -1, timerfd_settime, (int fd, int flags, const itimerspec* value, itimerspec* before),
        (fd, flags, value, before))
FAILING(int, -1, inotify_init1, (int flags), (flags))
FAILING(int, -1, inotify_add_watch, (int fd, const char* path, uint32_t mask), (fd, path, mask))
FAILING(int, -1, memfd_create, (const char* name, unsigned flags), (name, flags))
FAILING(int, -1, pipe2, (int fds[2], int flags), (fds, flags))
FAILING(int, -1, rename, (const char* from, const char* to), (from, to))
FAILING(int, -1, unlink, (const char* path), (path))
FAILING(int, -1, fstat, (int fd, struct stat* info), (fd, info))
FAILING(int, -1, stat, (const char* path, struct stat* info), (path, info))
FAILING(ssize_t, -1, getrandom, (void* data, size_t size, unsigned flags), (data, size, flags))
FAILING_OPEN(open, (const char* path, int flags, ...), (path, flags, mode))
FAILING_OPEN(open64, (const char* path, int flags, ...), (path, flags, mode))
FAILING_OPEN(openat, (int directory, const char* path, int flags, ...), (directory, path, flags, mode))
FAILING_OPEN(openat64, (int directory, const char* path, int flags, ...), (directory, path, flags, mode))

// A write to an eventfd does not fail but for its counter being full.
extern "C" int eventfd(unsigned value, int flags) {
  using Function = int (*)(unsigned, int);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "eventfd"));
  if (fails("eventfd")) return -1;
  const int fd = real(value, flags);
  if (fd >= 0 && fd < kMostEventfds) is_eventfd[fd] = true;
  return fd;
}
extern "C" ssize_t write(int fd, const void* data, size_t size) {
  using Function = ssize_t (*)(int, const void*, size_t);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "write"));
  const bool safe = fd >= 0 && fd < kMostEventfds && is_eventfd[fd] && size == sizeof(std::uint64_t);
  if (!safe && fails("write")) return -1;
  return real(fd, data, size);
}

// Its result is the error.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) {
  using Function = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "pthread_create"));
  if (fails("pthread_create")) return EAGAIN;
  return real(thread, attributes, start, argument);
}
