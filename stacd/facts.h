// SPDX-License-Identifier: Apache-2.0
//
// What stacd decides from: the configuration as loaded, who the host is, the addresses of names, what stafd says, and
// what was known before. Nothing here knows a fabric.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/device_book.h"
#include "libstas/core/brain/name_book.h"
#include "libstas/core/config/config_values.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/host.h"
#include "libstas/core/identity/tid.h"
#include "stacd/staf_view.h"

namespace stas {

// How long what leaves waits, and for what (decisions.md, laws 2 and 3; compatibility contract, appendix A).
struct EvidenceTiming {
  Duration soak = std::chrono::milliseconds(1500);      // quiet time before a connection is cut
  Duration long_soak = std::chrono::seconds(10);        // the same, counted from stafd's (re)appearance
  Duration patience = std::chrono::seconds(60);         // for an answer, a page or a replacement that may never come
  Duration ask_again = std::chrono::milliseconds(250);  // stafd, whether it still reads a page; then ever later
  Duration inspection = std::chrono::seconds(5);        // for the answer whether a connection is in use
  Duration look_again = std::chrono::seconds(10);       // whether what is kept for being in use still is
  Duration minute = std::chrono::minutes(1);            // that of max-disconnects-per-minute=
};

// Whether anybody uses what a connection carries, as far as it was asked for (stacd/guard).
struct KnownUsage {
  Instant pending = kNever;  // a question has been under way since then
  Instant asked = kNever;    // the question that was answered last went out then
  std::string by;            // the answer: what uses it, or why nobody can tell; "": nothing
};

// What is remembered of a controller from one table to the next, and, as far as who wanted it, over a restart.
struct Known {
  explicit Known(Tid id) : tid(std::move(id)) {}

  Tid tid;
  bool foreign = false;                // found by the audit: nobody of us made or wanted it
  bool configured = false;             // a controller= line named it, and no evidence says that it is gone
  std::string host_name;               // that its controller= line has for its address; "" without one
  std::map<Tid, std::string> sources;  // the same for discovery controllers that listed it -> their origin
  bool system_host = true;             // it goes out under the host NQN of the system, not under one of its line
  bool live = false;                   // has a connection ...
  bool works = false;                  // ... that is not being reconnected
  std::optional<Tid> seen;             // what its device says of itself, with the way it left this host last
  bool blocked = false;                // cannot be connected beside what exists
  Instant named_since = kNever;        // a source has named it since then without a break
  Instant unnamed_since = kNever;      // none names it since then
  Instant leaving_since = kNever;      // there is evidence against it since then
  std::optional<DeviceRef> device;     // of its own; there is one where it is live
  bool cutting = false;                // a disconnect is under way
  Instant next_cut{};                  // one failed: the next is not before
  KnownUsage usage;
  bool released = false;  // an administrator lets go of it in spite of what keeps it back
};

// What is remembered of one name counts for another that means the same connection.
template <class From, class To>
void inherit(const From& from, To& to) {
  to.configured |= from.configured;
  to.sources.insert(from.sources.begin(), from.sources.end());
}

struct Facts {
  std::shared_ptr<const StacdConfig> config;
  std::shared_ptr<const HostIdentity> host;
  const std::set<std::string>& host_nqns;  // the system's so far, this one among them
  const NameBook& names;
  const StafView& staf;
  const DeviceBook& devices;
  const std::deque<Instant>& cuts;  // ordered within the last minute, if max-disconnects-per-minute= counts them
  Instant started{};                // the first configuration was taken
  Instant loaded{};                 // the present one was
  std::vector<const Known*> known;  // every controller that is tracked
};

}  // namespace stas
