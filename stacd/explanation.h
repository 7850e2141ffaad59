// SPDX-License-Identifier: Apache-2.0
//
// Everything there is to say about one row of the table, or about a device that is in none: who names it, which rules
// have to do with it, with which options it would be connected and where each came from, what became of it. Keys are
// only said to be set (law 7).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/tid.h"
#include "stacd/connector.h"

namespace stas {

// What the files are called.
struct ConfigFiles {
  std::string stacd_conf;
  std::string sys_conf;
};

struct Explanation {
  // A rule or an option that has to do with it, and what follows from it.
  struct Rule {
    std::string place;  // "FILE:LINE", "FILE [SECTION]"
    std::string text;   // "exclude=nqn=nqn.x"
    std::string effect;
  };
  struct Option {
    std::string name, value;
    std::string from;  // "FILE:LINE", "FILE [SECTION]", "log page entry", "default"
  };

  std::optional<Tid> tid;          // nullopt: a device of a kind that stacd does not connect
  std::string verdict;             // "wanted", "held", "leaving", "refused", "waiting" (for an address), "foreign"
  std::string why;                 // in words
  std::optional<Duration> since;   // for so long; nullopt: just now, or nobody counts
  Instant until = kNever;          // held: looked at again then; leaving: it is given up then
  std::string then;                // leaving: what happens to the connection
  std::vector<std::string> named;  // every line and entry that names it
  std::vector<std::string> once;   // discovery controllers that listed it, and may again as far as is known
  std::vector<Rule> rules;         // all that match, not only the one that decides
  std::vector<Option> options;     // of the next connect
  std::string device;              // "nvme3"; "" without one
  std::string state;               // path_state()
  std::string shared;              // whose connection it is, when it is another name's
  std::optional<Duration> bound;   // the connection is ours for so long
  std::string doing;               // "being connected", "being disconnected", or ""
  unsigned attempts = 0;           // since the last connection
  std::optional<Duration> next;    // until the next attempt
  std::string no_attempt;          // why there is none, where that is not plain
  std::string last_error;          // in words; "" without one
  std::optional<Duration> failed;  // so long ago
};

class Explainer {
 public:
  // The brain has a configuration. Both outlive the Explainer.
  Explainer(const Connector& brain, const ConfigFiles& files, Instant now);

  const Desired& table() const { return table_; }
  Explanation of(const Row& row) const;
  // That no row is about, and no controller of ours has.
  Explanation of(const Device& device) const;

 private:
  void add_sources(const Row& row, Explanation& out) const;
  void add_rules(const Row& row, const Ioc* ioc, Explanation& out) const;
  void add_options(const Row& row, Explanation& out) const;
  void add_identity(const Row& row, Explanation& out) const;
  void add_connection(const Row& row, const Ioc& ioc, Explanation& out) const;
  void add_attempts(const Row& row, const Ioc& ioc, Explanation& out) const;
  std::string global(std::string_view section) const;

  const Connector& brain_;
  const ConfigFiles& files_;
  const Instant now_;
  const Facts facts_;
  const Desired table_;
};

}  // namespace stas
