// SPDX-License-Identifier: Apache-2.0
//
// Between IpAddress and the addresses of the socket calls, both ways (ip(7), ipv6(7)).
#pragma once

#include <cstdint>
#include <optional>

#include <sys/socket.h>

#include "libstas/core/identity/address.h"

namespace stas {

// For bind() and connect().
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// `scope_id`: index of the interface of a link-local address, 0 = none; IPv4 has none.
SocketAddress to_socket_address(const IpAddress& address, std::uint16_t port, unsigned scope_id);

// The address must be as long as its family says. With the name of the interface as scope where the kernel gives one.
// nullopt: nullptr or no IP address.
std::optional<IpAddress> to_ip_address(const sockaddr* address);

}  // namespace stas
