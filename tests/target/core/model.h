// SPDX-License-Identifier: Apache-2.0
//
// The configuration of a target as plain values: what config_json reads and writes, and what the core is built from.
// Meanings and defaults are in README.md beside this file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/target/core/constants.h"
#include "tests/target/core/wire.h"

namespace stas::target {

enum class DiscoveryKind : std::uint8_t { none = 0, ddc = 1, cdc = 2 };
enum class EntryFilter { transport, listener, none };
enum class Treq : std::uint8_t { not_specified = 0, required = 1, not_required = 2 };
enum class Tsas : std::uint8_t { none = 0, tls13 = 2 };
enum class Transport : std::uint8_t { rdma = 1, fc = 2, tcp = 3, loop = 254 };

inline constexpr std::uint32_t kVersion14 = 0x00010400;

/// Asymmetric namespace access states, as in log page 0Ch.
enum class AnaState : std::uint8_t {
  optimized = 1,
  non_optimized = 2,
  inaccessible = 3,
  persistent_loss = 4,
  change = 15
};
using AnaGroups = std::map<std::uint32_t, AnaState>;  ///< groups that are not optimized, by ANAGRPID

/// A log entry served as it is; `fixed` holds the numbers, texts and TSAS already at their offsets.
struct RawEntry {
  Bytes fixed;  ///< 1024 bytes
};

/// DH-HMAC-CHAP of one host at one subsystem. Keys as `DHHC-1:..:...:`.
struct AuthConfig {
  std::string key;              ///< the host's
  std::string controller_key;   ///< empty: the controller does not authenticate
  std::uint8_t hash = 0;        ///< 1 SHA-256, 2 SHA-384, 3 SHA-512; 0: the best the host offers
  std::uint8_t dhgroup = 0xFF;  ///< 0 null, 1 to 5 ffdhe2048 to 8192; FFh: the best the host offers

  friend bool operator==(const AuthConfig&, const AuthConfig&) = default;
};
using HostAuth = std::map<std::string, AuthConfig>;  ///< by HOSTNQN

/// What is asked of all hosts.
struct PolicyConfig {
  bool strict_nqns = false;                           ///< the formal definition of names
  std::set<std::uint8_t> hashes{1, 2, 3};             ///< of DH-HMAC-CHAP that may be agreed on
  std::set<std::uint8_t> dhgroups{0, 1, 2, 3, 4, 5};  ///< likewise
};

struct DiscoveryConfig {
  std::string nqn;
  DiscoveryKind dctype = DiscoveryKind::none;
  bool pleo = true;
  bool extdlpe = false;
  bool allsube = false;
  bool supported_log_pages = true;
  bool epcsd = true;
  bool dupretinfo = false;
  bool self_entries = true;
  EntryFilter filter = EntryFilter::transport;
  bool pad_with_spaces = false;
  std::uint16_t kas = 10;
  std::uint32_t idle_timeout_ms = 120000;
  std::uint32_t version = kVersion14;
  std::uint8_t mdts = 8;  ///< 0: no limit but this target's own
  bool tbkas = false;     ///< traffic counts as keep-alive (CTRATT bit 6)
  HostAuth auth;
  std::vector<RawEntry> raw_entries;
};

struct ListenerConfig {
  std::uint16_t id = 0;  ///< 0: the next free one
  Transport transport = Transport::tcp;
  std::string traddr;
  std::string trsvcid = "0";
  bool discovery = true;
  std::uint32_t in_capsule = 16384;
  std::uint16_t queue_size = 128;
  std::uint32_t maxh2cdata = 131072;
  Treq treq = Treq::not_specified;
  Tsas tsas = Tsas::none;
  bool secure = false;    ///< TLS 1.3 with the keys of the subsystems, before anything else
  std::uint8_t cpda = 0;  ///< 0's based dwords; Linux hosts accept 0 only
  AnaGroups ana_groups;
};

enum class BackendKind { none, ram, null, file, block };

/// What holds the bytes of a namespace: a backend of its own, or one that is known by name.
struct BackendConfig {
  std::string name;  ///< empty: belongs to one namespace
  BackendKind kind = BackendKind::none;
  std::uint64_t size = 0;  ///< bytes; of a file 0: as large as it is
  std::uint32_t lba = 512;
  std::string path;     ///< file and block
  bool direct = false;  ///< past the page cache
  std::string uuid;     ///< of a named one: what its namespaces get that have none
};

struct NamespaceConfig {
  std::uint32_t nsid = 0;  ///< 0: the next free one
  BackendConfig backend;
  std::string use;   ///< name of a backend; `backend` is not used then
  std::string uuid;  ///< empty: made from NQN and NSID
  std::string nguid;
  std::string eui64;
  bool read_only = false;
  bool enabled = true;
  bool attached = true;         ///< to every controller when it starts
  bool shared = true;           ///< NMIC bit 0
  std::uint32_t ana_group = 1;  ///< ANAGRPID
  std::set<std::string> hosts;  ///< who sees it; empty: every host of the subsystem
};

struct SubsystemConfig {
  std::string nqn;
  std::string serial;
  std::string model = "stas target";
  std::string firmware = "1";
  std::optional<bool> allow_any_host;  ///< absent: true if `hosts` is empty
  std::set<std::string> hosts;
  std::set<std::uint16_t> listeners;  ///< empty: all
  std::vector<NamespaceConfig> namespaces;
  std::uint16_t max_io_queues = 64;
  std::uint32_t max_namespaces = 0;  ///< NN and the highest NSID; 0: as many as there are
  std::uint16_t cntlid_min = 1;
  std::uint16_t cntlid_max = 0xFFEF;
  std::uint16_t kas = 10;
  std::uint8_t mdts = 8;
  std::uint32_t version = kVersion14;
  bool ncc = false;
  bool enabled = true;
  bool tbkas = false;
  bool ana = false;                  ///< report ANA (CMIC bit 3)
  bool auth_admin_only = false;      ///< I/O queues need no authentication of their own
  bool one_hostid_per_host = false;  ///< a HOSTNQN that is connected with another HOSTID is refused
  std::uint16_t vid = 0;
  std::uint16_t ssvid = 0;
  std::uint32_t oui = 0;
  std::uint16_t retry_delay = 0;                ///< CRDT1, 100 ms
  std::string admin_label;                      ///< attribute of its extended log entries
  std::map<std::string, std::string> tls_keys;  ///< NVMeTLSkey-1:...: by HOSTNQN
  HostAuth auth;
  std::map<std::uint16_t, AnaGroups> ana_groups;  ///< by listener; goes before the listener's own

  [[nodiscard]] bool admits(const std::string& host) const {
    return allow_any_host.value_or(hosts.empty()) || hosts.contains(host);
  }
  [[nodiscard]] bool is_on(std::uint16_t listener) const { return listeners.empty() || listeners.contains(listener); }
};

struct ReferralConfig {
  Transport transport = Transport::tcp;
  std::string traddr;
  std::string trsvcid = "8009";
  std::string nqn = kDiscoveryNqn;
  std::uint16_t portid = 0;
  bool epcsd = false;
  bool dupretinfo = false;
  bool secure = false;          ///< its entry demands TLS 1.3
  std::set<std::string> hosts;  ///< empty: everybody

  [[nodiscard]] bool admits(const std::string& host) const { return hosts.empty() || hosts.contains(host); }
};

/// Hosts and subsystems by NQN. While there is a zone group a host sees only what shares one with it.
struct ZoneGroupConfig {
  std::string name;
  std::set<std::string> members;
};

/// Bytes that hosts can make this target keep for them at once.
struct MemoryConfig {
  std::uint64_t per_connection = std::uint64_t{8} << 20;
  std::uint64_t total = std::uint64_t{256} << 20;
};

struct MdnsConfig {
  bool publish = false;
  std::string name = "stas-target";
  bool subtypes = true;  ///< _cdc or _ddc as dctype says
};

struct TargetConfig {
  PolicyConfig policy;
  DiscoveryConfig discovery;
  std::vector<BackendConfig> backends;
  std::vector<ZoneGroupConfig> zone_groups;
  MemoryConfig memory;
  MdnsConfig mdns;
  std::vector<ListenerConfig> listeners;
  std::vector<SubsystemConfig> subsystems;
  std::vector<ReferralConfig> referrals;
};

}  // namespace stas::target
