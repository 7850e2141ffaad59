// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/socket_address.h"

#include <array>
#include <cstring>
#include <string>

#include <net/if.h>
#include <netinet/in.h>

namespace stas {

namespace {

std::string scope_name(unsigned scope_id) {
  std::array<char, IF_NAMESIZE> name{};
  if (scope_id == 0 || if_indextoname(scope_id, name.data()) == nullptr) return {};
  return name.data();
}

}  // namespace

SocketAddress to_socket_address(const IpAddress& address, std::uint16_t port, unsigned scope_id) {
  SocketAddress result;
  const auto bytes = address.bytes();
  if (address.family() == IpFamily::v4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, bytes.data(), sizeof in.sin_addr);
    std::memcpy(&result.storage, &in, sizeof in);
    result.length = sizeof in;
    return result;
  }
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(port);
  in6.sin6_scope_id = scope_id;
  std::memcpy(&in6.sin6_addr, bytes.data(), sizeof in6.sin6_addr);
  std::memcpy(&result.storage, &in6, sizeof in6);
  result.length = sizeof in6;
  return result;
}

std::optional<IpAddress> to_ip_address(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return IpAddress::from_bytes({reinterpret_cast<const char*>(&in.sin_addr), sizeof in.sin_addr});
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, address, sizeof in6);
    return IpAddress::from_bytes({reinterpret_cast<const char*>(&in6.sin6_addr), sizeof in6.sin6_addr},
                                 scope_name(in6.sin6_scope_id));
  }
  return std::nullopt;
}

}  // namespace stas
