// SPDX-License-Identifier: Apache-2.0
//
// What stafd.conf(5) and stacd.conf(5) say, as values. core/config/config reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/config/host_exclusion.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/connect_options.h"
#include "libstas/core/identity/subnet.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// Bounds on what a file may hold; beyond them the rest is ignored with a complaint, and the file counts as broken:
// lines that are missing would look like lines that were removed.
inline constexpr std::size_t kMaxControllerLines = 8192;
inline constexpr std::size_t kMaxRules = 8192;  // exclude= lines, and as many include= lines

// One usable `controller=` line.
struct ControllerLine {
  Transport transport = Transport::tcp;
  std::string traddr;     // IP address, host name, fc address as the kernel takes it, or loop address (may be empty)
  std::string trsvcid;    // "" = default of the transport
  std::string subsysnqn;  // stafd: defaults to the well-known discovery NQN; stacd: mandatory
  std::string host_traddr;
  std::string host_iface;
  std::optional<std::string> host_nqn;  // nullopt = the system's
  std::optional<std::string> host_id;   // UUID text that goes with host_nqn; nullopt = the UUID of host_nqn, if any
  ConnectOptions options;               // overrides of [Global]
  std::map<std::string, std::string> extra;  // unknown keys, kept for D-Bus dictionaries; never secrets
  int line = 0;                              // below 0: of the firmware's boot table, not of the file (core/brain/boot)
  bool is_boot() const { return line < 0; }
  friend bool operator==(const ControllerLine&, const ControllerLine&) = default;
};

// What exclude= and include= lines say of controllers: all fields that are set must match; at least one is set
// (config/filter matches).
struct ControllerRule {
  std::optional<std::string> transport;
  std::optional<std::string> traddr;  // an address, a host name, a pattern with '*' and '?', or a subnet
  std::optional<std::string> trsvcid;
  std::optional<std::string> subsysnqn;
  std::optional<std::string> host_iface;
  std::optional<std::string> host_nqn;
  int line = 0;
  std::optional<IpSubnet> subnet;  // what traddr is, if it is one
  bool has_fields() const { return transport || traddr || trsvcid || subsysnqn || host_iface || host_nqn; }
  friend bool operator==(const ControllerRule&, const ControllerRule&) = default;
};

// A line that may have been an include= line and cannot be used. Nothing is connected because of it, and nothing that
// it may mean is cut.
struct IncludeDoubt {
  std::string file;
  std::string text;      // what is wrong, without file and line, no secret
  ControllerRule could;  // what can be read of it, and its line; without any field it could mean every controller
  std::string to_string() const;  // "FILE:LINE: text"
  friend bool operator==(const IncludeDoubt&, const IncludeDoubt&) = default;
};

// A place where a file did not say clearly what it means. It is no information about the controllers it may have been
// about (law 2): what it could have meant stays as it was. A doubt without any readable field could mean every
// controller; fields that can be read narrow it (config/doubt compares).
struct ConfigDoubt {
  std::string file;
  int line = 0;      // 0: the whole file
  std::string text;  // what is wrong, without file and line, no secret
  std::optional<std::string> transport;
  std::optional<std::string> traddr;  // an address or a host name
  std::optional<std::string> trsvcid;
  std::optional<std::string> subsysnqn;
  std::string to_string() const;  // "FILE:LINE: text"
  friend bool operator==(const ConfigDoubt&, const ConfigDoubt&) = default;
};

// Where connection parameters were said: option -> its line.
using OptionLines = std::map<std::string, int, std::less<>>;

// One [Match NAME] section of stacd.conf that can be used (core/config/match_section).
struct MatchSection {
  std::string name;  // may be empty
  int line = 0;      // of its header
  ControllerRule rule;
  ConnectOptions options;  // overrides of [Global] for the discovered controllers that the rule is about
  OptionLines lines;
  friend bool operator==(const MatchSection&, const MatchSection&) = default;
};

// What both files share.
struct CommonConfig {
  bool tron = false;
  ConnectOptions connect;     // [Global] connection parameters
  OptionLines connect_lines;  // of those that the file says
  bool ignore_iface = false;
  bool ignore_iface_unclear = false;  // since the start the file has not said clearly whether it is
  IpFamilies families;
  std::vector<ControllerLine> controllers;  // in file order
  std::vector<ControllerRule> excludes;
  std::vector<ControllerRule> includes;      // only these of the discovered controllers; none, and no doubt: all
  std::vector<ConfigDoubt> doubts;           // in file order
  std::vector<IncludeDoubt> include_doubts;  // the same
  // Of the firmware's boot tables, not of this file (core/brain/boot): about what was connected before us.
  std::vector<ConfigDoubt> boot_doubts;
  // What the host-wide list says; not of this file, the brains put it in. nullptr: nothing.
  std::shared_ptr<const HostExclusions> host_excludes;
  friend bool operator==(const CommonConfig&, const CommonConfig&) = default;
};

struct StafdConfig : CommonConfig {
  bool pleo = true;
  bool zeroconf = true;
  bool persistent_connections = true;
  // How long a vanished mDNS controller is kept; nullopt = for ever. Default 72 hours.
  std::optional<Duration> zeroconf_persistence = std::chrono::hours(72);
  friend bool operator==(const StafdConfig&, const StafdConfig&) = default;
};

enum class DisconnectScope : std::uint8_t {
  only_stas_connections,
  all_connections_matching_disconnect_trtypes,
  no_disconnect,
};

// What becomes of the last path to a namespace that is in use, when evidence says that it should be cut.
enum class DisconnectGuard : std::uint8_t {
  off,
  warn,  // it is cut, and told what was using it
  hold,  // it stays until nothing uses it, or somebody releases it
};

struct TransportSet {
  bool tcp = true;
  bool rdma = false;
  bool fc = false;
  bool contains(Transport t) const;
  friend bool operator==(const TransportSet&, const TransportSet&) = default;
};

struct StacdConfig : CommonConfig {
  DisconnectScope disconnect_scope = DisconnectScope::only_stas_connections;
  TransportSet disconnect_trtypes;
  DisconnectGuard disconnect_guard = DisconnectGuard::warn;
  int max_disconnects_per_minute = 0;  // 0 = any number
  int connect_attempts_on_ncc = 0;     // 0 = ignore NCC; 1 acts as 2
  bool udev_rule = false;              // true = nvme-cli's udev rules stay in charge of TCP too
  std::vector<MatchSection> matches;   // in file order; the first that is about a controller counts
  friend bool operator==(const StacdConfig&, const StacdConfig&) = default;
};

}  // namespace stas
