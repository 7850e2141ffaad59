// SPDX-License-Identifier: Apache-2.0
//
// The discovery log page as one host sees it through one connection. A page is a list of references into the model,
// rendered piece by piece: cheap for ten thousand subsystems, and consistent while the generation counter stands still.
// It must not be rendered once the model has moved on (see is_current).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/target/core/model.h"
#include "tests/target/core/result.h"

namespace stas::target {

struct Subsystem;

/// Where a queue came in.
struct Origin {
  std::uint16_t listener = 0;
  Transport transport = Transport::tcp;
  std::uint8_t adrfam = 1;    ///< as in log entries: 1 IPv4, 2 IPv6, 254 loop
  std::string local_address;  ///< of this connection, without scope; never a wildcard
  std::string peer_address;
  std::string peer_port;
  std::string secure_host;    ///< whom TLS has proven to be there; empty without TLS
  std::string secure_subnqn;  ///< and for what
};

/// A listener that is bound.
struct Listener {
  ListenerConfig config;  ///< with its id and the real port
  std::uint8_t adrfam = 1;
  bool wildcard = false;
};

/// ADRFAM of an address that is only listed: by its transport, and by the look of an IP address.
std::uint8_t family_of(Transport transport, const std::string& traddr);
inline std::uint8_t family_of(const ListenerConfig& config) { return family_of(config.transport, config.traddr); }

/// What pages are made from. Owned by the core.
/// Whether a subsystem may have a namespace of that id.
Result<void> check_nsid(const SubsystemConfig& config, std::uint32_t nsid);

struct Model {
  PolicyConfig policy;
  DiscoveryConfig discovery;
  std::map<std::uint16_t, Listener> listeners;
  std::map<std::string, std::unique_ptr<Subsystem>> subsystems;
  std::vector<ReferralConfig> referrals;
  std::map<std::string, std::set<std::string>> zone_groups;
  std::uint64_t genctr = 1;

  [[nodiscard]] const std::string& discovery_nqn() const;
};

/// Request bits of LSP.
inline constexpr std::uint8_t kExtdlpe = 1, kPleo = 2, kAllsube = 4;

class DiscoveryPage {
 public:
  DiscoveryPage() = default;
  /// `lsp` without the bits that the configuration does not support.
  DiscoveryPage(const Model& model, const std::string& hostnqn, const Origin& origin, std::uint8_t lsp);

  [[nodiscard]] bool is_current(const Model& model, std::uint8_t lsp) const {
    return genctr_ == model.genctr && lsp_ == lsp;
  }
  /// Made with ALLSUBE: every change of the model concerns its reader.
  [[nodiscard]] bool shows_everything() const { return (lsp_ & kAllsube) != 0; }
  [[nodiscard]] std::uint64_t records() const { return entries_.size(); }
  /// Bytes [offset, offset + length) of the page, zeroes beyond its end. Same model and origin as at construction.
  [[nodiscard]] Bytes render(const Model& model, const Origin& origin, std::uint64_t offset, std::size_t length) const;

 private:
  /// Exactly one of the last three, or the listener alone (a current-discovery entry).
  struct Entry {
    const Listener* listener = nullptr;
    const SubsystemConfig* subsystem = nullptr;
    const ReferralConfig* referral = nullptr;
    const RawEntry* raw = nullptr;
  };

  [[nodiscard]] std::size_t stride() const { return stride_; }
  void render_header(std::uint8_t* at) const;
  void render_entry(const Model& model, const Origin& origin, const Entry& entry, std::uint8_t* at) const;

  std::vector<Entry> entries_;
  std::uint64_t genctr_ = 0;
  std::uint8_t lsp_ = 0;
  std::size_t stride_ = 1024;  ///< the same for all entries: extended ones have room for a label if any has one
};

}  // namespace stas::target
