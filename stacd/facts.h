// SPDX-License-Identifier: Apache-2.0
//
// What stacd decides from: the configuration as loaded, who the host is, the addresses of names, what stafd says, and
// what was known before. Nothing here knows a fabric.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/name_book.h"
#include "libstas/core/config/config_values.h"
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
  bool blocked = false;                // cannot be connected beside what exists
  Instant named_since = kNever;        // a source has named it since then without a break
  Instant unnamed_since = kNever;      // none names it since then
  Instant leaving_since = kNever;      // there is evidence against it since then
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
  Instant started{};                // the first configuration was taken
  std::vector<const Known*> known;  // every controller that is tracked
};

}  // namespace stas
