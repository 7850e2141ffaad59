// SPDX-License-Identifier: Apache-2.0
//
// Announces discovery listeners by mDNS/DNS-SD (TP8009: _nvme-disc._tcp with TXT p and nqn) through avahi-daemon. Avahi
// runs on a thread of its own; when the daemon comes back after a restart, everything is announced again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/target/core/result.h"

namespace stas::target {

struct MdnsService {
  std::string name;  ///< instance; another one is taken if somebody on the network has it
  std::uint16_t port = 0;
  std::uint8_t adrfam = 1;  ///< 1 IPv4, 2 IPv6
  std::string host;         ///< without ".local": a name of its own for `address`; empty: the machine's
  std::string address;      ///< of `host`
  std::string nqn;
  std::string subtype;  ///< "_cdc", "_ddc" or none

  friend bool operator==(const MdnsService&, const MdnsService&) = default;
};

class MdnsPublisher {
 public:
  /// Fails if there is no system bus.
  static Result<std::unique_ptr<MdnsPublisher>> make();
  /// Withdraws everything.
  ~MdnsPublisher();
  MdnsPublisher(const MdnsPublisher&) = delete;
  MdnsPublisher& operator=(const MdnsPublisher&) = delete;

  /// Announces these instead of what was announced before.
  void announce(std::vector<MdnsService> services);
  /// `waiting` for the daemon, `registering`, `established`, or `failed: ` and why.
  [[nodiscard]] std::string state() const;

 private:
  struct Inner;
  explicit MdnsPublisher(std::unique_ptr<Inner> inner);
  std::unique_ptr<Inner> inner_;
};

}  // namespace stas::target
