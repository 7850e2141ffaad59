// SPDX-License-Identifier: Apache-2.0
//
// What is probed: a portal, from where.
#pragma once

#include <compare>
#include <string>

#include "libstas/core/identity/address.h"

namespace stas {

struct ProbeTarget {
  IpAddress address;
  std::string port;
  std::string host_traddr;  // "" = any
  std::string host_iface;   // "" = any
  friend auto operator<=>(const ProbeTarget&, const ProbeTarget&) = default;
  std::string to_string() const;  // "10.0.0.1:8009 (eth0)"
};

}  // namespace stas
