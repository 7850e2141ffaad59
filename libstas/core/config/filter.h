// SPDX-License-Identifier: Apache-2.0
//
// Which transport IDs may be used at all: exclude= rules, ip-family=, addresses that are none; and of those that were
// discovered, include= rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/config/config_values.h"
#include "libstas/core/identity/tid.h"

namespace stas {

bool matches(const ControllerRule& rule, const Tid& tid);
// The first rule that matches, or nullptr. Rules match on the fields they have; host-traddr never takes part
// (stacd.conf(5)). Addresses compare as addresses or lie in the subnet, names of hosts without regard to letter case;
// '*' and '?' in traddr, nqn, host-iface and host-nqn stand for other characters (core/config/wildcard).
const ControllerRule* first_match(const std::vector<ControllerRule>& rules, const Tid& tid);
// All that match, in the order of the file: for people who ask. One is enough to decide.
std::vector<const ControllerRule*> all_matches(const std::vector<ControllerRule>& rules, const Tid& tid);

// Do the include= rules let a controller in that was discovered? Those without any rule do. `unclear`: no rule does,
// but a line that cannot be read may mean it, or no line can be read: whether it is let in is not known (law 2).
enum class Inclusion { included, unclear, not_included };
Inclusion inclusion(const CommonConfig& config, const Tid& tid);
// unclear: the line that could let it in; into `config`.
const IncludeDoubt* include_doubt_about(const CommonConfig& config, const Tid& tid);
// The include= lines of `file`, for people: "FILE:3, FILE:4 and 2 more".
std::string include_lines(const CommonConfig& config, const std::string& file);

enum class Usability { usable, excluded, family_disabled, invalid_address, invalid_nqn, not_included, host_excluded };

// Checks in this order: exclude rules, validity (IP address for tcp and rdma; nothing that could inject options into
// the connect string, D-39), address family, the host-wide exclusion list.
Usability usability(const CommonConfig& config, const Tid& tid);
// The same but for the exclude rules and the list.
Usability fitness(const CommonConfig& config, const Tid& tid);
// The same for one that was discovered: after all of this, the include rules (not_included also when it is unclear).
Usability usability_of_discovered(const CommonConfig& config, const Tid& tid);
std::string_view to_text(Usability usability);

}  // namespace stas
