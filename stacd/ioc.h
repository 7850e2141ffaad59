// SPDX-License-Identifier: Apache-2.0
//
// One I/O controller as stacd tracks it: what is remembered of who wants it (Known), what connection it has, when to
// try again. Facts only; desired() and the Connector decide.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libstas/core/base/backoff.h"
#include "libstas/core/base/result.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/discovery/dlpe.h"
#include "libstas/core/identity/tid.h"
#include "stacd/desired.h"

namespace stas {

// Durations stacd hard-codes (compatibility contract, appendix A), in one place so that tests can shorten them.
struct ConnectorTiming : EvidenceTiming {
  Duration staf_retry = std::chrono::seconds(2);  // after a failed question to stafd
  BackoffPolicy connect{std::chrono::seconds(3), std::chrono::seconds(60), 0.1};
  Duration encourage = std::chrono::seconds(60);  // news of stafd bring a waiting attempt forward once in this time
  Duration settle = std::chrono::seconds(5);      // a device bound this recently may be missing in a scan begun before
};

struct Ioc : Known {
  enum class Op : std::uint8_t { none, connect, disconnect };

  Ioc(Tid id, const ConnectorTiming& timing)
      : Known(std::move(id)), backoff(timing.connect, tid.hash()), cut_backoff(timing.connect, tid.hash()) {}

  std::size_t row = 0;  // in the table in force

  // As last wanted.
  std::optional<Dlpe> entry;  // the latest entry that described it; kept when none does
  ConnectOptions options;
  TextDict cfg;  // what its controller= line sets, for D-Bus
  bool hold_told = false;
  bool budget_kept = false;  // max-disconnects-per-minute= kept it, and it is not wanted again

  // The connection.
  Instant bound_at{};
  bool guessed = false;         // the device may leave another way than the Tid says; it shows when it is live
  std::optional<Tid> alias_of;  // another controller of ours has the device that this Tid means
  std::uint64_t looked_at = 0;  // DeviceBook version in which nothing was found to adopt
  unsigned attempts = 0;
  Backoff backoff;
  Instant last_attempt{};
  Instant next_connect{};
  Instant encouraged = Instant::min();  // last time that news of stafd brought the attempt forward
  bool failure_told = false;
  std::string last_error;  // of a connect or disconnect, until one succeeds; "" without one
  Instant failed_at{};

  // Its end.
  bool waits = false;  // until it shows whether it is another controller's
  Backoff cut_backoff;
  bool cut_failure_told = false;
  OpId usage_op = 0;  // the question of usage.pending

  Op op = Op::none;
  OpId op_id = 0;
  unsigned op_failures = 0;

  bool connected() const { return live; }
  void failed(const Error& error, Instant now) {
    last_error = error.text;
    failed_at = now;
  }
  void bind(const DeviceRef& ref, Instant now) {
    device = ref;
    live = true;
    blocked = false;
    bound_at = now;
    forget_usage();
    guessed = waits = false;
    alias_of.reset();
    attempts = 0;
    cut_backoff.reset();
    next_connect = next_cut = Instant{};
    failure_told = cut_failure_told = false;
    last_error.clear();
    op_failures = 0;
  }
  // What was found out of a device says nothing about the next.
  void forget_usage() {
    usage = {};
    usage_op = 0;
    released = false;
  }
  void unbind(Instant now, Duration delay) {
    device.reset();
    live = works = false;
    forget_usage();
    attempts = 0;
    next_connect = now + delay;
  }
};

}  // namespace stas
