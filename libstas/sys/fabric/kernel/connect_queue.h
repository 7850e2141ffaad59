// SPDX-License-Identifier: Apache-2.0
//
// How a connect gets to the kernel: probe (TCP; a race where the host name stands for several addresses), wait in line,
// one write at a time. The kernel makes one connect at a time for the whole machine anyway, and a second write of ours
// would only take another program's turn. Controllers that the administrator configured go before discovered ones, but
// never shut them out (law 4).
//
// A controller may answer the probe and then go silent. The kernel waits for it up to its own limits, and everybody
// waits for the kernel. So such a controller is left alone for a multiple of the time it cost, its portal for that
// time.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/brain/action.h"
#include "libstas/sys/fabric/connect_race.h"
#include "libstas/sys/fabric/op_table.h"
#include "libstas/sys/net/probe.h"
#include "libstas/sys/os/worker.h"

namespace stas {

struct ConnectLimits {
  ProbeLimits probe;
  Duration queue = std::chrono::seconds(120);   // until the write begins
  Duration write = std::chrono::seconds(75);    // the kernel's own admin time-out is 60 s
  Duration patience = std::chrono::seconds(2);  // a write that failed and took longer has cost others their turn
  int rest_factor = 5;
  Duration longest_rest = std::chrono::minutes(5);
};

class ConnectQueue {
 public:
  // Makes the connection and returns the controller's name; runs on a worker.
  using Write = std::function<Result<std::string>(const Connect&)>;
  // The answer to an operation, on the loop; also for operations whose deadline has passed meanwhile.
  using Done = std::function<void(const Connect&, Result<std::string>)>;

  ConnectQueue(Loop& loop, OpTable& ops, ConnectLimits limits, Write write, Done done);
  ~ConnectQueue();  // does not wait for a write that is stuck

  void submit(Connect connect);

  // No further writes: whatever is not being written is answered with `cancelled`.
  void stop();

 private:
  static constexpr std::size_t kConfiguredInARow = 8;
  static constexpr std::size_t kReprobes = 32;

  using Line = std::deque<Connect>;
  struct Rest {
    Instant until;
    ConnectOptions options;  // of the order that did it
    HostIdentity host;
  };
  struct PortalRest {
    Instant until;
  };

  Line& line_of(const Connect& connect);
  void probe(Connect connect, bool again);
  void pump();
  std::optional<Connect> take_next();
  void write(Connect connect);
  void written(const Connect& connect, Duration took, bool failed);
  std::optional<Error> rests(const Connect& connect) const;

  Loop& loop_;
  OpTable& ops_;
  ConnectLimits limits_;
  Write write_;
  Done done_;
  Prober prober_;
  ConnectRaces races_;
  Worker worker_;
  Line configured_, others_;
  std::size_t in_a_row_ = 0;
  std::size_t reprobing_ = 0;
  std::set<OpId> unwritten_;
  std::map<Tid, Rest> resting_;  // controllers that held up the kernel
  std::map<TcpEndpoint, PortalRest> resting_portals_;
  bool writing_ = false;
  bool stopped_ = false;
};

}  // namespace stas
