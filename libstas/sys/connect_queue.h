// SPDX-License-Identifier: Apache-2.0
//
// The road of a connect to the kernel: probe (TCP), wait in line, one write at a time. The kernel does no two connects
// of the machine at once anyway, and a second write of ours would only take the turn of other programs. Connects that
// the administrator configured go before discovered ones, but never shut them out (law 4).
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "libstas/core/action.h"
#include "libstas/core/result.h"
#include "libstas/sys/op_table.h"
#include "libstas/sys/probe.h"
#include "libstas/sys/worker.h"

namespace stas {

struct ConnectLimits {
  ProbeLimits probe;
  Duration queue = std::chrono::seconds(120);  // until the write begins
  Duration write = std::chrono::seconds(75);   // the kernel's own admin time-out is 60 s
};

class ConnectQueue {
 public:
  // Makes the connection and returns the controller's name; runs on a worker.
  using Write = std::function<Result<std::string>(const Connect&)>;
  // The answer to an operation, on the loop; also for operations whose deadline has passed meanwhile.
  using Done = std::function<void(OpId, Result<std::string>)>;

  ConnectQueue(Loop& loop, OpTable& ops, ConnectLimits limits, Write write, Done done);
  ~ConnectQueue();  // does not wait for a write that is stuck

  void submit(Connect connect);

 private:
  static constexpr std::size_t kConfiguredInARow = 8;
  static constexpr std::size_t kReprobes = 32;

  using Line = std::deque<Connect>;

  Line& line_of(const Connect& connect);
  void probe(Connect connect, bool again);
  void pump();
  std::optional<Connect> take_next();
  void write(Connect connect);

  OpTable& ops_;
  ConnectLimits limits_;
  Write write_;
  Done done_;
  Prober prober_;
  Worker worker_;
  Line configured_, others_;
  std::size_t in_a_row_ = 0;
  std::size_t reprobing_ = 0;
  bool writing_ = false;
};

}  // namespace stas
