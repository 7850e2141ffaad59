// SPDX-License-Identifier: Apache-2.0
//
// Subnets as values, for rules about addresses: "192.0.2.0/24", "2001:db8::/32".
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "libstas/core/identity/address.h"

namespace stas {

class IpSubnet {
 public:
  // An address as IpAddress takes it, '/', and the length of the prefix in bits. Bits behind the prefix do not count:
  // "192.0.2.7/24" is "192.0.2.0/24". An IPv4-mapped subnet of IPv6 is one of IPv4.
  static std::optional<IpSubnet> parse(std::string_view text);

  // A scope counts when both sides have one, as in same_ip().
  bool contains(const IpAddress& address) const;

  friend bool operator==(const IpSubnet&, const IpSubnet&) = default;

 private:
  IpSubnet(IpAddress address, unsigned bits) : address_(std::move(address)), bits_(bits) {}

  IpAddress address_;
  unsigned bits_ = 0;  // at most 32 for IPv4, 128 for IPv6
};

}  // namespace stas
