// SPDX-License-Identifier: Apache-2.0
//
// The notation of the policy tables: controllers, log page entries and configuration as short texts, both ways.
//
//   controller  [transport:]address[:port][/nqn][%host-iface][<host-traddr][@host-nqn]
//               "10.0.0.1/nqn.a%eth0"; IPv6 in brackets; no transport is tcp, no NQN the well-known discovery NQN
//   entry       a controller, "nqn.a" for one at the address of its discovery controller, "referral=10.0.0.2";
//               flags behind it: "+ncc", "+dup", "+epcsd"
//   options     "disconnect-scope=no-disconnect | controller=10.0.0.1/nqn.a | exclude=traddr=10.0.0.9"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/config/config.h"
#include "libstas/core/discovery/log_page.h"
#include "libstas/core/identity/tid.h"

namespace stas::story {

inline constexpr std::string_view kHostNqn = "nqn.host";
inline constexpr std::string_view kHostId = "11111111-2222-3333-4444-555555555555";

Tid tid_of(std::string_view token);
std::string show(const Tid& tid);

// As the boot table has it (core/brain/boot).
ControllerLine boot_line_of(std::string_view token, int number);

Dlpe entry_of(std::string_view token, const Tid& dc);

// The text of a configuration file with these options, each under its section.
std::string conf_text(std::string_view options);

std::vector<std::string> words_of(std::string_view text);

}  // namespace stas::story
