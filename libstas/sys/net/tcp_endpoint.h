// SPDX-License-Identifier: Apache-2.0
//
// Where a TCP connection goes, and from where.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/tid.h"

namespace stas {

struct TcpEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::string host_traddr;  // "" = any
  std::string host_iface;   // "" = any
  bool tls = false;         // nothing is said in the clear there
  friend auto operator<=>(const TcpEndpoint&, const TcpEndpoint&) = default;
};

// "10.0.0.1:8009", "[fe80::1]:8009 from fe80::2 through eth0".
std::string to_text(const TcpEndpoint& endpoint);

// Of a controller with transport tcp. invalid_input: its address is a host name, or its port is no number from 1 to
// 65535.
Result<TcpEndpoint> tcp_endpoint_of(const Tid& tid);

}  // namespace stas
