// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/tcp_socket.h"

#include <cerrno>
#include <cstring>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "libstas/sys/net/errno_kind.h"
#include "libstas/sys/net/interfaces.h"
#include "libstas/sys/net/socket_address.h"
#include "libstas/sys/os/descriptors.h"

namespace stas {

namespace {

// Asks through a socket of its own, so that a shortage of descriptors has to be told from a missing interface.
Result<unsigned> index_of(const std::string& interface) {
  const auto index = if_nametoindex(interface.c_str());
  if (index != 0) return index;
  if (is_shortage(errno)) return tl::unexpected(tcp_error("interface " + interface, errno));
  return fail(ErrorKind::unreachable, "interface " + interface + " does not exist", ENODEV);
}

// A link-local address means nothing without an interface: its own scope, the one the connection was given, or that of
// the other end.
Result<unsigned> scope_of(const IpAddress& address, const std::string& host_iface, const std::string& other_scope) {
  if (!address.is_link_local()) return 0U;
  auto name = address.scope();
  if (name.empty()) name = host_iface;
  if (name.empty()) name = other_scope;
  if (name.empty()) {
    return fail(ErrorKind::invalid_input, "link-local address " + address.to_string() + " needs host-iface or a scope");
  }
  return index_of(name);
}

Result<void> bind_address(int fd, const IpAddress& source, const TcpEndpoint& endpoint) {
  const auto scope = scope_of(source, endpoint.host_iface, endpoint.address.scope());
  if (!scope) return tl::unexpected(scope.error());
  const int on = 1;  // one source address serves many connections: the port is chosen at connect()
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const auto address = to_socket_address(source, 0, *scope);
  if (bind(fd, address.get(), address.length) == 0) return {};
  return tl::unexpected(tcp_error("source address " + source.to_string(), errno));
}

Result<IpAddress> address_of_interface(const std::string& name, const IpAddress& peer) {
  const auto interfaces = read_interfaces();
  if (!interfaces) return tl::unexpected(interfaces.error());
  for (const auto& interface : *interfaces) {
    if (interface.name != name) continue;
    for (const auto& address : interface.addresses) {
      if (address.family() == peer.family() && address.is_link_local() == peer.is_link_local()) return address;
    }
  }
  return fail(ErrorKind::unreachable, "interface " + name + " has no address of that family", EADDRNOTAVAIL);
}

Result<void> bind_interface(int fd, const TcpEndpoint& endpoint) {
  const auto& name = endpoint.host_iface;
  if (const auto index = index_of(name); !index) return tl::unexpected(index.error());
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.c_str(), static_cast<socklen_t>(name.size())) == 0) return {};
  // Before Linux 5.7 this takes a privilege. The scope of a link-local address and a source address of the interface
  // lead out of it as well, as far as routing agrees.
  if (errno != EPERM) return tl::unexpected(tcp_error("interface " + name, errno));
  if (!endpoint.host_traddr.empty()) return {};
  const auto source = address_of_interface(name, endpoint.address);
  if (!source) return tl::unexpected(source.error());
  return bind_address(fd, *source, endpoint);
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
  return bind_address(fd, *source, endpoint);
}

}  // namespace

Error tcp_error(const std::string& doing, int errnum) {
  return Error{network_error_kind(errnum), errnum, doing + ": " + std::strerror(errnum)};
}

Result<UniqueFd> begin_tcp_connect(const TcpEndpoint& endpoint) {
  const auto source = IpAddress::parse(endpoint.host_traddr);
  const auto scope = scope_of(endpoint.address, endpoint.host_iface, source ? source->scope() : std::string());
  if (!scope) return tl::unexpected(scope.error());
  const int family = endpoint.address.family() == IpFamily::v4 ? AF_INET : AF_INET6;
  UniqueFd result(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!result) return tl::unexpected(tcp_error("socket", errno));
  const int on = 1;
  setsockopt(result.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (auto bound = bind_source(result.get(), endpoint); !bound) return tl::unexpected(bound.error());
  const auto address = to_socket_address(endpoint.address, endpoint.port, *scope);
  if (connect(result.get(), address.get(), address.length) < 0 && errno != EINPROGRESS) {
    return tl::unexpected(tcp_error("TCP connect", errno));
  }
  return result;
}

Result<void> tcp_connect_result(const UniqueFd& socket) {
  int errnum = 0;
  socklen_t length = sizeof errnum;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &errnum, &length) < 0) errnum = errno;
  if (errnum != 0) return tl::unexpected(tcp_error("TCP connect", errnum));
  return {};
}

std::string tcp_source_address(const UniqueFd& socket) {
  SocketAddress source;
  source.length = sizeof source.storage;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&source.storage), &source.length) < 0) return {};
  const auto address = to_ip_address(source.get());
  return address ? address->to_string() : std::string();
}

}  // namespace stas
