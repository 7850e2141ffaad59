// SPDX-License-Identifier: Apache-2.0
//
// One I/O controller as stacd sees it: who wants it, what connection it has, when to try again. Facts only; the
// Connector decides.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "libstas/core/base/backoff.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/discovery/log_page.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// Durations stacd hard-codes (compatibility contract, appendix A), in one place so that tests can shorten them.
struct ConnectorTiming {
  Duration soak = std::chrono::milliseconds(1500);  // quiet time before a connection is cut
  Duration long_soak = std::chrono::seconds(10);    // the same, counted from stafd's (re)appearance
  Duration staf_retry = std::chrono::seconds(2);    // after a failed question to stafd
  BackoffPolicy connect{std::chrono::seconds(3), std::chrono::seconds(60), 0.1};
  Duration settle = std::chrono::seconds(5);  // a device bound this recently may be missing in a scan begun before
};

struct Ioc {
  enum class Op : std::uint8_t { none, connect, disconnect };

  Ioc(Tid id, const ConnectorTiming& timing)
      : tid(std::move(id)), path(path_of(tid)), backoff(timing.connect, tid.hash()) {}

  const Tid tid;
  const Tid path;  // the same without host_traddr and host_iface: Tids of one path may mean one device
  static Tid path_of(const Tid& tid);

  // --- who wants it ---
  bool wanted = false;
  bool configured = false;             // a controller= line, now or when last wanted
  std::map<Tid, std::string> sources;  // discovery controllers that list it (or did when last wanted) -> their origin
  std::optional<Dlpe> dlpe;            // the latest entry that described it; kept when none does
  ConnectOptions options;
  TextDict cfg;           // what its controller= line sets, for D-Bus
  bool external = false;  // found by the audit, nobody of us made or wanted it
  Reason unwanted_reason = Reason::none;
  Instant unwanted_since = kNever;
  bool held = false;  // no source names it, but nothing says that it is gone: wanted all the same

  // --- the connection ---
  std::optional<DeviceRef> device;
  Instant bound_at{};
  std::optional<Tid> alias_of;  // another controller of ours has the device that this Tid means
  std::uint64_t looked_at = 0;  // DeviceBook version in which nothing was found to adopt
  unsigned attempts = 0;
  Backoff backoff;
  Instant last_attempt{};
  Instant next_connect{};
  bool failure_told = false;

  Op op = Op::none;
  OpId op_id = 0;
  bool op_created = false;
  unsigned op_failures = 0;

  bool connected() const { return device.has_value(); }
  // NCC (stacd.conf(5) connect-attempts-on-ncc): the central controller says that nobody is there; stop after `limit`
  // attempts, 0 = never.
  bool given_up(int limit) const {
    return limit > 0 && dlpe && dlpe->ncc() && attempts >= static_cast<unsigned>(limit);
  }
  void bind(const DeviceRef& ref, Instant now) {
    device = ref;
    bound_at = now;
    alias_of.reset();
    attempts = 0;
    backoff.reset();
    next_connect = Instant{};
    failure_told = false;
    op_failures = 0;
  }
  void unbind(Instant now, Duration delay) {
    device.reset();
    attempts = 0;
    next_connect = now + delay;
  }
};

}  // namespace stas
