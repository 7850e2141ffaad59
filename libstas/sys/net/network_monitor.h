// SPDX-License-Identifier: Apache-2.0
//
// Which network interfaces and addresses this host has, told anew when they change. The kernel's rtnetlink groups say
// "look again", once for what changes within a moment, never what: messages are thrown away unread, so nothing depends
// on what they say or whether one got lost. A look waits in the kernel for whoever configures an interface just now, so
// it is taken on a thread; one that failed, for want of descriptors perhaps, is taken again.
#pragma once

#include <functional>
#include <vector>

#include "libstas/core/base/backoff.h"
#include "libstas/core/base/result.h"
#include "libstas/sys/net/interfaces.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/unique_fd.h"
#include "libstas/sys/os/worker.h"

namespace stas {

// An interface that comes up makes several messages; so does a machine full of containers.
inline constexpr Duration kNetworkSettles = std::chrono::milliseconds(200);

// Loop's thread only.
class NetworkMonitor {
 public:
  static constexpr BackoffPolicy kAgain{kNetworkSettles, std::chrono::seconds(10), 0.1};  // after a look that failed
  // A look takes milliseconds. Who waits for one does not wait for a kernel that is stuck.
  static constexpr Duration kPatience = std::chrono::seconds(1);

  using Seen = std::function<void(Interfaces)>;
  using Read = std::function<Result<Interfaces>()>;  // on a thread
  using Then = std::function<void()>;

  // `seen` is called from the loop, after each look that succeeded.
  NetworkMonitor(Loop& loop, Seen seen, Read read = read_interfaces);
  ~NetworkMonitor();

  Result<void> start();

  // A look for another reason. `then` follows from the loop when a look that was begun from here on was told or has
  // failed, or after kPatience: what comes later is told when it comes.
  void look(Then then = {});

 private:
  void drain();
  void begin();
  void finish(Result<Interfaces> interfaces);
  void impatient();

  Loop& loop_;
  Seen seen_;
  Read read_;
  UniqueFd fd_;
  IoSource io_;  // after the descriptor: it must not outlive it
  TimerSource settle_, patience_;
  bool settling_ = false;  // a look is planned
  bool looking_ = false;
  bool once_more_ = false;  // asked for while looking: what changed meanwhile may have been missed
  std::vector<Then> waiting_, waiting_for_next_;
  Backoff backoff_{kAgain};
  Worker worker_;
};

}  // namespace stas
