// SPDX-License-Identifier: Apache-2.0
//
// Tells when interfaces or addresses of this host change, from the kernel's rtnetlink groups: once for what changes
// within a moment, never what. Messages are thrown away unread, so nothing depends on what they say or whether one got
// lost.
#pragma once

#include <functional>

#include "libstas/core/base/result.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

// An interface that comes up makes several messages; so does a machine full of containers.
inline constexpr Duration kNetworkSettles = std::chrono::milliseconds(200);

class NetworkMonitor {
 public:
  Result<void> start(Loop& loop, std::function<void()> changed);

 private:
  void drain();

  UniqueFd fd_;
  IoSource io_;  // after the descriptor: it must not outlive it
  TimerSource settle_;
  bool settling_ = false;
};

}  // namespace stas
