// SPDX-License-Identifier: Apache-2.0
//
// What can have a name in the simulated world, and its number: so that the judge reckons with sets of bits and shares
// no code with what it judges.
//
// Four hosts, each with a discovery controller (port 8009) and six subsystems (port 4420): 0 to 2 by TCP, 3 by TCP for
// the other host NQN only, 4 by RDMA, 5 by FC. Host 3 has an IPv6 address, host 1 is a CDC, host 2 a DDC that knows
// PLEO; hosts 1 and 3 answer the well-known NQN with a unique one (TP8013).
#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <string>

#include "libstas/core/discovery/dlpe.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/host.h"
#include "libstas/core/identity/tid.h"

namespace stas::model {

inline constexpr int kHosts = 4;
inline constexpr int kSubs = 6;                                  // per host
inline constexpr int kIfaces = 3;                                // 0: no interface asked for, then eth0 and eth1
inline constexpr int kVariants = 5;                              // of a controller= line
enum Variant : int { kPlain, kEth0, kEth1, kByName, kSpecial };  // special: unique NQN (DC), other host NQN (IOC)

// Paths: what can be connected, whatever interface and identity it is asked for with.
inline constexpr std::size_t kPaths = kHosts * kSubs;
// Names: a path as somebody asks for it.
inline constexpr std::size_t kIocNames = kPaths * kIfaces * 2;  // interface, other host NQN
inline constexpr std::size_t kDcNames = kHosts * kIfaces * 2;   // interface, unique NQN

using Paths = std::bitset<kPaths>;
using IocNames = std::bitset<kIocNames>;
using DcNames = std::bitset<kDcNames>;
using HostSet = std::bitset<kHosts>;

constexpr int path_of(int host, int sub) { return host * kSubs + sub; }
constexpr int ioc_name(int path, int iface, int other) { return (path * kIfaces + iface) * 2 + other; }
constexpr int dc_name(int host, int iface, int unique) { return (host * kIfaces + iface) * 2 + unique; }
constexpr int path_of_ioc(int name) { return name / 2 / kIfaces; }
constexpr int iface_of_ioc(int name) { return name / 2 % kIfaces; }
constexpr int other_of_ioc(int name) { return name % 2; }
constexpr int host_of_dc(int name) { return name / 2 / kIfaces; }
constexpr int iface_of_dc(int name) { return name / 2 % kIfaces; }
constexpr int unique_of_dc(int name) { return name % 2; }

constexpr bool is_v6(int host) { return host == 3; }
constexpr bool is_cdc(int host) { return host == 1; }
constexpr bool knows_pleo(int host) { return host == 2; }
constexpr bool answers_unique(int host) { return host == 1 || host == 3; }
// An FC name has no interface: 1 there stands for the host port of a controller= line, which has to say one.
constexpr bool is_fc(int sub) { return sub == 5; }
constexpr bool is_rdma(int sub) { return sub == 4; }
constexpr bool is_special(int sub) { return sub == 3; }
// The interface the routing table picks.
constexpr int route_of(int host) { return is_v6(host) ? 2 : 1; }

const std::string& address_of(int host);
std::string fc_address_of(int host);
extern const std::string kFcHostPort;
std::string host_name_of(int host);     // in controller= lines by name
extern const std::string kDeadAddress;  // another one of each host name; for IPv6 kDeadAddress6
extern const std::string kDeadAddress6;
bool is_dead_address(const std::string& tid);
const std::string& iface_name(int iface);  // "" for 0
std::string unique_nqn_of(int host);
std::string subsystem_nqn_of(int path);
HostIdentity identity(int number);  // 0 and 1: of sys.conf before and after a change; 2: the other host NQN of lines

Interfaces interfaces(bool eth1_up);
std::string source_address(int host, int iface);

// The Tid that somebody asks for under the host identity `who` (special lines: identity 2).
Tid tid_of_ioc(int name, int who);
Tid tid_of_dc(int name, int who);
// And back: nullopt for a Tid outside this world (a dead address). The identity is not looked at but for identity 2.
std::optional<int> find_ioc(const Tid& tid);
std::optional<int> find_dc(const Tid& tid);
std::optional<int> host_of_address(const std::string& address);

// Attempts are counted by name and identity.
constexpr int attempt_key(int name, int who) { return name * 3 + who; }
int attempt_key(int name, const Tid& tid);
constexpr int name_of_attempt(int key) { return key / 3; }

Dlpe io_entry(int path, bool ncc);
Dlpe dc_entry(int host, bool unique, std::uint8_t subtype, bool dupretinfo, bool epcsd = true);

}  // namespace stas::model
