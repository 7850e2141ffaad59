// SPDX-License-Identifier: Apache-2.0
//
// The Avahi client: browses _nvme-disc._tcp and _nvme-disc._udp in "local" on all interfaces and both protocols, keeps
// a resolver per service open so that changes arrive, and lives through a daemon, or a bus, that is absent, late or
// restarted. One thread, one loop; members and callbacks all belong to it. Calls into the library may block for long:
// see sys/mdns for who runs this.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libstas/core/base/backoff.h"
#include "libstas/core/base/log_limit.h"
#include "libstas/core/base/time.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"
#include "libstas/sys/mdns/mdns_services.h"
#include "libstas/sys/os/loop.h"

namespace stas {

// Messages about services, which anybody on the link can cause: of each kind 60 in 10 minutes, the rest as a number.
inline constexpr LogBounds kMdnsLogBounds{.per_subject = 60, .in_all = 120, .window = std::chrono::minutes(10)};

// Times, and how much: in one place so that tests can shorten them.
struct MdnsTiming {
  // After the daemon came: how long what is missing says nothing. Long enough for queries to be repeated.
  Duration settle = std::chrono::seconds(5);
  Duration settle_limit = std::chrono::seconds(30);  // when the daemon never says that its first answers are in
  Duration wake_up = std::chrono::seconds(60);       // a new client pings an absent daemon, which may activate it
  BackoffPolicy retry{std::chrono::seconds(1), std::chrono::seconds(60), 0.1};  // no bus, no browser
  // A service that does not resolve; while there is room for its resolver it is listened to all the time.
  BackoffPolicy unresolved{std::chrono::seconds(30), std::chrono::minutes(30), 0.1};
  std::size_t most_services = kMaxMdnsServices;
};

struct MdnsView {
  MdnsChanged changed;
  std::vector<std::string> service_types;
  Instant wake_up_at = kNever;
};

class MdnsBrowser {
 public:
  using Publish = std::function<void(MdnsView)>;
  using Report = std::function<void(Level, std::string)>;

  MdnsBrowser(Loop& loop, MdnsTiming timing, Publish publish, Report report);
  ~MdnsBrowser();
  MdnsBrowser(const MdnsBrowser&) = delete;
  MdnsBrowser& operator=(const MdnsBrowser&) = delete;

  void enable(bool on);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stas
