// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/thread.h"

#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

namespace stas {

namespace {

// A new thread inherits the mask of its creator, so everything is blocked around it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

bool start_thread(std::function<void()> body) {
  const SignalsBlocked blocked;
  try {
    std::thread(std::move(body)).detach();
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

}  // namespace stas
