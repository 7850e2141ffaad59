// SPDX-License-Identifier: Apache-2.0
//
// Everything there is to say about one controller: who names it, which rules have to do with it, with which options it
// would be connected and where each came from, what became of it. A value that both daemons fill, and what it looks
// like on the bus. Keys are only said to be set (law 7).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/json.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/core/base/time.h"
#include "libstas/core/brain/question.h"
#include "libstas/core/config/config_values.h"
#include "libstas/core/identity/host.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// Explained at once; of more, the number is told. Bounds the work, which grows with the rules and pages for each.
inline constexpr std::size_t kMaxExplained = 64;
// Names that are told to whoever asks for one that nobody knows, to find his mistake.
inline constexpr std::size_t kMaxNamesTold = 4096;

// What the files are called.
struct ConfigFiles {
  std::string conf;  // of the daemon
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
  TextDict details;                // what only one of the daemons has to say, each under its name
};

struct Answer {
  bool complete = false;  // the configuration was loaded and the devices looked at; else much is not known yet
  std::vector<Explanation> controllers;
  std::size_t more = 0;            // that were left out
  std::vector<std::string> hints;  // what else has the name: rules, doubts, discovery controllers
  std::vector<std::string> names;  // nobody knows it: the names that are known
};

// "FILE:LINE"; "FILE" for line 0, which is the whole file; below 0 what the boot table says (ControllerLine::line).
std::string place(const std::string& file, int line);
// The exclude= rules and the doubts of the configuration that have the name asked for, beside those that stand at one
// of the controllers already.
void add_rule_hints(const Question& question, const CommonConfig& config, const std::string& conf_file, Answer& answer);

// Times are seconds: how long something has been so, how long ago it was, or how far it is away.
Json to_json(const Answer& answer, Instant now);

// Both daemons tell of rules, and of what is connected with, in the same way.
//
// All rules that match, `by_name` among them: the one that matches the host name of its line; nullptr without one.
// `named`: a source names it; else what was not understood may mean it. `resolved`: its address is known.
// `discovered`: no controller= line names it, so include= rules are about it.
void tell_rules(Explanation& out, const CommonConfig& config, const Tid& tid, const ControllerRule* by_name, bool named,
                bool resolved, bool discovered, const ConfigFiles& files);

// What is connected with. `line`: its controller= line or nullptr; `match`: the [Match] section that is about it, or
// nullptr; `defaults`: what counts without a file; `source`:
// who else says what makes the transport ID.
void tell_options(Explanation& out, const CommonConfig& config, const ConnectOptions& defaults,
                  const HostIdentity& system, const Tid& tid, const ControllerLine* line, const MatchSection* match,
                  const std::string& port_source, const std::string& source, const ConfigFiles& files);

}  // namespace stas
