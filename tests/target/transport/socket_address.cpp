// SPDX-License-Identifier: Apache-2.0
//
// Socket addresses by getaddrinfo with numeric hosts only, which understands scopes.
#include "tests/target/transport/socket_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

namespace stas::target {

Result<SocketAddress> SocketAddress::parse(const std::string& traddr, const std::string& trsvcid) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int wrong = ::getaddrinfo(traddr.c_str(), trsvcid.c_str(), &hints, &found);
  if (wrong != 0) return problem("address '" + traddr + "' port '" + trsvcid + "': " + ::gai_strerror(wrong));
  SocketAddress address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.length = found->ai_addrlen;
  ::freeaddrinfo(found);
  return address;
}

SocketAddress SocketAddress::of_local(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
  return address;
}

SocketAddress SocketAddress::of_peer(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  ::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
  return address;
}

std::string SocketAddress::address() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = storage.ss_family == AF_INET6
                          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr)
                          : static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr);
  ::inet_ntop(storage.ss_family == AF_INET6 ? AF_INET6 : AF_INET, bytes, text.data(), text.size());
  return text.data();
}

std::string SocketAddress::port() const {
  const auto raw = storage.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port
                                                 : reinterpret_cast<const sockaddr_in*>(&storage)->sin_port;
  return std::to_string(ntohs(raw));
}

bool SocketAddress::is_wildcard() const {
  const std::string text = address();
  return text == "0.0.0.0" || text == "::";
}

}  // namespace stas::target
