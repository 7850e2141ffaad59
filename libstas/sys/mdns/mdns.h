// SPDX-License-Identifier: Apache-2.0
//
// What mDNS says about discovery controllers, as facts for the Finder. The Avahi client library asks the daemon
// synchronously (up to 25 s when the daemon hangs), so it runs on a loop and a thread of its own (mdns_browser) and
// the decisions' loop never waits for it (law 4).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"
#include "libstas/sys/mdns/mdns_browser.h"
#include "libstas/sys/os/loop.h"

namespace stas {

class Mdns {
 public:
  // Both are called from the loop, never from inside a member.
  using Sink = std::function<void(MdnsChanged)>;
  using Report = std::function<void(Level, std::string)>;

  static constexpr Duration kStopWait = std::chrono::seconds(1);

  // Nothing happens before enable(true). The loop must outlive this object.
  //
  // `sink` gets the complete view, at most once per some milliseconds. For the first seconds with a daemon (its caches
  // are still filling) `available` is false although services may be listed: what is there counts, what is missing says
  // nothing yet. `report` gets messages for the journal, each once per change, bounded in number.
  Mdns(Loop& loop, Sink sink, Report report, MdnsTiming timing = {});
  ~Mdns();  // no callback runs afterwards; a thread stuck in the library is left behind
  Mdns(const Mdns&) = delete;
  Mdns& operator=(const Mdns&) = delete;

  // zeroconf= of stafd.conf. Disabling forgets all services: a view that is empty and not available.
  void enable(bool on);

  const MdnsTiming& timing() const { return timing_; }
  // For process_info, as last seen by the loop.
  const std::vector<MdnsService>& services() const;
  const std::vector<std::string>& service_types() const;  // browsed at present
  Instant wake_up_at() const;  // when an absent daemon (or bus) is tried again; kNever if it is there

 private:
  struct Shared;
  const MdnsTiming timing_;
  // Shared with the thread, which may have to be left behind.
  std::shared_ptr<Shared> shared_;
};

}  // namespace stas
