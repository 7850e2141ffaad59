// SPDX-License-Identifier: Apache-2.0
//
// Which transport IDs may be used at all: exclude= rules, ip-family=, addresses that are none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/config/config_values.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// The first rule that matches, or nullptr. Rules match on the fields they have; host-traddr never takes part
// (stacd.conf(5)). Addresses compare as addresses, names of hosts without regard to letter case; '*' and '?' in traddr,
// nqn, host-iface and host-nqn stand for other characters (core/config/wildcard).
const ExcludeRule* find_exclusion(const std::vector<ExcludeRule>& rules, const Tid& tid);
// All that match, in the order of the file: for people who ask. One is enough to decide.
std::vector<const ExcludeRule*> find_exclusions(const std::vector<ExcludeRule>& rules, const Tid& tid);

enum class Usability { usable, excluded, family_disabled, invalid_address, invalid_nqn };

// Checks in this order: exclude rules, validity (IP address for tcp and rdma; nothing that could inject options into
// the connect string, D-39), address family.
Usability usability(const CommonConfig& config, const Tid& tid);
// The same but for the exclude rules.
Usability fitness(const CommonConfig& config, const Tid& tid);
std::string_view to_text(Usability usability);

}  // namespace stas
