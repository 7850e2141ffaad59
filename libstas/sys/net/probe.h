// SPDX-License-Identifier: Apache-2.0
//
// Does an NVMe/TCP controller answer there? A non-blocking TCP connect and the ICReq/ICResp exchange, from the same
// source address and interface as the connection would have, many at once, each with a deadline. The kernel holds a
// mutex of the whole machine while it waits for a silent address, so nothing is handed to it that has not just answered
// here (law 4). Of one that is spoken to over TLS only the TCP connect is tried: what comes in the clear it would take
// for a handshake that fails.
//
// One probe per portal and source at a time: later askers share its answer, and a good one counts for a moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/sys/net/tcp_endpoint.h"
#include "libstas/sys/os/loop.h"

namespace stas {

struct ProbeLimits {
  Duration deadline = std::chrono::seconds(3);
  Duration fresh = std::chrono::seconds(2);  // how long a good answer counts
  std::size_t parallel = 256;                // open sockets; the rest waits its turn
};

class Prober {
 public:
  using Callback = std::function<void(Result<void>)>;

  explicit Prober(Loop& loop, ProbeLimits limits = {});
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Who asked, to take the question back.
  using Ticket = std::uint64_t;

  // The callback runs once, from the loop, never from inside probe(). Not after the Prober is gone.
  Ticket probe(const TcpEndpoint& target, Callback callback);
  // Its callback does not run any more; what nobody else waits for is not asked on. Nothing for one that was answered.
  void withdraw(const TcpEndpoint& target, Ticket ticket);

  // Did it answer within the last moment?
  bool is_fresh(const TcpEndpoint& target) const;

  std::size_t running() const { return running_.size(); }

 private:
  struct Attempt;
  void pump();
  void begin(Attempt& attempt);
  void finish(const TcpEndpoint& target, Result<void> result);
  void remember(const TcpEndpoint& target);

  Loop& loop_;
  ProbeLimits limits_;
  std::map<TcpEndpoint, std::unique_ptr<Attempt>> attempts_;  // running or waiting
  std::set<TcpEndpoint> running_;
  std::deque<TcpEndpoint> waiting_;
  std::map<TcpEndpoint, Instant> answered_;
  OnceSource pump_later_;
  Ticket last_ticket_ = 0;
  std::map<Ticket, Callback> answering_;  // of the answer that is being told
};

}  // namespace stas
