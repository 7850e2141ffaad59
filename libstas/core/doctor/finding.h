// SPDX-License-Identifier: Apache-2.0
//
// What `stasadm doctor` has to say: each finding with its weight, the fact, and what to do about it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stas::doctor {

struct Facts;

enum class Weight {
  note,     // worth knowing; nothing need be done
  warning,  // works today, and is likely to fail, or to surprise
  problem,  // keeps this host from connecting, or makes it another one
};
std::string_view word(Weight weight);  // "note", "warning", "problem"

struct Finding {
  std::string id;  // stable, for programs: "host-nqn-malformed"
  Weight weight = Weight::note;
  std::string fact;  // one sentence, names the object; may hold text of others
  std::string todo;  // what to do, a command where there is one
  friend bool operator==(const Finding&, const Finding&) = default;
};
using Findings = std::vector<Finding>;

// Pure. In the order of the subjects below; no subject twice.
Findings examine(const Facts& facts);

// The subjects.
void examine_kernel(const Facts& facts, Findings& out);      // module, device, options, TLS
void examine_identity(const Facts& facts, Findings& out);    // host NQN and ID, configuration files
void examine_neighbours(const Facts& facts, Findings& out);  // other managers, udev rules, daemons
void examine_network(const Facts& facts, Findings& out);     // mDNS, multicast, MTU, clock
void examine_reach(const Facts& facts, Findings& out);       // connections that were tried

// The heaviest weight there is, as exit status of the tool: 0 nothing above a note, 1 a warning, 2 a problem.
int exit_status(const Findings& findings);

}  // namespace stas::doctor
