// SPDX-License-Identifier: Apache-2.0
//
// What we tell the service manager, in the words of sd_notify(3): ready, reloading, stopping, how things are, and to
// its watchdog that the loop turns. That function opens a socket for each message, and sd-event, which would feed the
// watchdog, calls it; so a daemon that is short of descriptors for longer than the watchdog waits would be killed for
// it. This socket is opened once. Nothing waits for a manager that does not read: then it was not told (EAGAIN).
#pragma once

#include <string>

#include "libstas/core/base/result.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

// Loop's thread only.
class Notifier {
 public:
  // To the watchdog, when it could not be told.
  static constexpr Duration kFeedAgain = std::chrono::seconds(1);

  explicit Notifier(Loop& loop);

  // Finds the manager ($NOTIFY_SOCKET), and feeds the watchdog from now on if it has one ($WATCHDOG_USEC). Without a
  // manager nothing happens, here and below. An error: there is one, but it cannot be reached.
  Result<void> start();

  // After start and after each reload. An error says that the manager did not hear it: it may wait for it in vain.
  Result<void> ready() const;
  Result<void> reloading() const;
  Result<void> stopping() const;
  // What "systemctl status" shows, one line; the same as before is not told again. That it was not heard is no error.
  void status(const std::string& line);

 private:
  Result<void> tell(const std::string& state) const;
  void feed();

  std::string status_;  // that was told
  std::string path_;    // of the manager's socket; "" without one. The first byte is 0 for an abstract one
  UniqueFd fd_;
  Duration feed_every_ = Duration::zero();  // zero: there is no watchdog
  TimerSource feed_;
};

// Worth another try soon: what was missing may be there then, or the manager reads again.
bool is_passing(const Result<void>& told);

}  // namespace stas
