// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/tcp_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libstas/sys/net/interfaces.h"

namespace stas {

namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port, unsigned scope_id) {
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

// A link-local address means nothing without an interface: its own scope, or the one the connection was given.
Result<unsigned> scope_of(const IpAddress& address, const std::string& host_iface) {
  if (!address.is_link_local()) return 0U;
  const auto& name = address.scope().empty() ? host_iface : address.scope();
  if (name.empty()) {
    return fail(ErrorKind::invalid_input, "link-local address " + address.to_string() + " needs host-iface or a scope");
  }
  const auto index = if_nametoindex(name.c_str());
  if (index == 0) return fail(ErrorKind::unreachable, "interface " + name + " does not exist", ENODEV);
  return index;
}

Result<void> bind_address(int fd, const IpAddress& source, const std::string& host_iface) {
  const auto scope = scope_of(source, host_iface);
  if (!scope) return tl::unexpected(scope.error());
  const int on = 1;  // one source address serves many connections: the port is chosen at connect()
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const auto address = socket_address(source, 0, *scope);
  if (bind(fd, address.get(), address.length) == 0) return {};
  return tl::unexpected(tcp_error("source address " + source.to_string(), errno));
}

std::optional<IpAddress> address_of_interface(const std::string& name, const IpAddress& peer) {
  const auto interfaces = read_interfaces();
  if (!interfaces) return std::nullopt;
  for (const auto& interface : *interfaces) {
    if (interface.name != name) continue;
    for (const auto& address : interface.addresses) {
      if (address.family() == peer.family() && address.is_link_local() == peer.is_link_local()) return address;
    }
  }
  return std::nullopt;
}

Result<void> bind_interface(int fd, const TcpEndpoint& endpoint) {
  const auto& name = endpoint.host_iface;
  if (if_nametoindex(name.c_str()) == 0) {
    return fail(ErrorKind::unreachable, "interface " + name + " does not exist", ENODEV);
  }
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.c_str(), static_cast<socklen_t>(name.size())) == 0) return {};
  // Before Linux 5.7 this takes a privilege. The scope of a link-local address and a source address of the interface
  // lead out of it as well, as far as routing agrees.
  if (errno != EPERM) return tl::unexpected(tcp_error("interface " + name, errno));
  if (!endpoint.host_traddr.empty()) return {};
  const auto source = address_of_interface(name, endpoint.address);
  if (!source)
    return fail(ErrorKind::unreachable, "interface " + name + " has no address of that family", EADDRNOTAVAIL);
  return bind_address(fd, *source, name);
}

Result<void> bind_source(int fd, const TcpEndpoint& endpoint) {
  if (!endpoint.host_iface.empty()) {
    if (auto bound = bind_interface(fd, endpoint); !bound) return bound;
  }
  if (endpoint.host_traddr.empty()) return {};
  const auto source = IpAddress::parse(endpoint.host_traddr);
  if (!source || source->family() != endpoint.address.family()) {
    return fail(ErrorKind::invalid_input,
                "source address " + endpoint.host_traddr + " does not fit " + endpoint.address.to_string());
  }
  return bind_address(fd, *source, endpoint.host_iface);
}

ErrorKind kind_of(int errnum) {
  switch (errnum) {
    case ECONNREFUSED:
      return ErrorKind::refused;
    case ETIMEDOUT:
      return ErrorKind::timed_out;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case ENODEV:
      return ErrorKind::unreachable;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return ErrorKind::closed;
    case EPERM:
    case EACCES:
      return ErrorKind::permission;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EAGAIN:  // no local port left
      return ErrorKind::busy;
    default:
      return ErrorKind::io;
  }
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

int Socket::release() { return std::exchange(fd_, -1); }

std::string to_text(const TcpEndpoint& endpoint) {
  return endpoint.address.to_string() + " port " + std::to_string(endpoint.port);
}

Error tcp_error(const std::string& doing, int errnum) {
  return Error{kind_of(errnum), errnum, doing + ": " + std::strerror(errnum)};
}

Result<Socket> begin_tcp_connect(const TcpEndpoint& endpoint) {
  const auto scope = scope_of(endpoint.address, endpoint.host_iface);
  if (!scope) return tl::unexpected(scope.error());
  const int family = endpoint.address.family() == IpFamily::v4 ? AF_INET : AF_INET6;
  Socket result(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (result.fd() < 0) return tl::unexpected(tcp_error("socket", errno));
  const int on = 1;
  setsockopt(result.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (auto bound = bind_source(result.fd(), endpoint); !bound) return tl::unexpected(bound.error());
  const auto address = socket_address(endpoint.address, endpoint.port, *scope);
  if (connect(result.fd(), address.get(), address.length) < 0 && errno != EINPROGRESS) {
    return tl::unexpected(tcp_error("TCP connect", errno));
  }
  return result;
}

Result<void> tcp_connect_result(const Socket& socket) {
  int errnum = 0;
  socklen_t length = sizeof errnum;
  if (getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &errnum, &length) < 0) errnum = errno;
  if (errnum != 0) return tl::unexpected(tcp_error("TCP connect", errnum));
  return {};
}

std::string tcp_source_address(const Socket& socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&storage), &length) < 0) return {};
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    const auto address = IpAddress::from_bytes({reinterpret_cast<const char*>(&in.sin_addr), sizeof in.sin_addr});
    return address ? address->to_string() : std::string();
  }
  sockaddr_in6 in6{};
  std::memcpy(&in6, &storage, sizeof in6);
  std::array<char, IF_NAMESIZE> name{};
  std::string scope;
  if (in6.sin6_scope_id != 0 && if_indextoname(in6.sin6_scope_id, name.data()) != nullptr) scope = name.data();
  const auto address =
      IpAddress::from_bytes({reinterpret_cast<const char*>(&in6.sin6_addr), sizeof in6.sin6_addr}, scope);
  return address ? address->to_string() : std::string();
}

}  // namespace stas
