// SPDX-License-Identifier: Apache-2.0
//
// The configuration of a target as plain values: what config_json reads and writes, and what the core is built from.
// Meanings and defaults are in README.md beside this file.
#pragma once

#include <cstdint>
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

/// A log entry served as it is; `fixed` holds the numbers, texts and TSAS already at their offsets.
struct RawEntry {
  Bytes fixed;  ///< 1024 bytes
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
  std::uint8_t mdts = 8;
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
};

struct NamespaceConfig {
  std::uint32_t nsid = 0;  ///< 0: the next free one
  std::uint64_t ram = 0;
  std::uint32_t lba = 512;
  std::string uuid;  ///< empty: made from NQN and NSID
  std::string nguid;
  std::string eui64;
  bool read_only = false;
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
  std::uint16_t cntlid_min = 1;
  std::uint16_t cntlid_max = 0xFFEF;
  std::uint16_t kas = 10;
  std::uint8_t mdts = 8;
  std::uint32_t version = kVersion14;
  bool ncc = false;

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
  std::set<std::string> hosts;  ///< empty: everybody

  [[nodiscard]] bool admits(const std::string& host) const { return hosts.empty() || hosts.contains(host); }
};

struct TargetConfig {
  DiscoveryConfig discovery;
  std::vector<ListenerConfig> listeners;
  std::vector<SubsystemConfig> subsystems;
  std::vector<ReferralConfig> referrals;
};

}  // namespace stas::target
