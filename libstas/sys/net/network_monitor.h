// SPDX-License-Identifier: Apache-2.0
//
// Tells when interfaces or addresses of this host change, from the kernel's rtnetlink groups: once for what changes
// within a moment, never what. Messages are thrown away unread, so nothing depends on what they say or whether one got
// lost. Who is told looks for himself; when that fails, for want of descriptors perhaps, he is told again.
#pragma once

#include <functional>

#include "libstas/core/base/backoff.h"
#include "libstas/core/base/result.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

// An interface that comes up makes several messages; so does a machine full of containers.
inline constexpr Duration kNetworkSettles = std::chrono::milliseconds(200);

class NetworkMonitor {
 public:
  static constexpr BackoffPolicy kAgain{kNetworkSettles, std::chrono::seconds(10), 0.1};  // after a look that failed

  // False: could not look.
  using Look = std::function<bool()>;

  // `look` is called from the loop after each change.
  NetworkMonitor(Loop& loop, Look look);

  Result<void> start();

  // The same look for another reason, now.
  void look();

 private:
  void drain();

  Loop& loop_;
  Look look_;
  UniqueFd fd_;
  IoSource io_;  // after the descriptor: it must not outlive it
  TimerSource settle_;
  bool settling_ = false;
  Backoff backoff_{kAgain};
};

}  // namespace stas
