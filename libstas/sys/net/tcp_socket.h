// SPDX-License-Identifier: Apache-2.0
//
// A TCP connection of the user fabric at the level of sockets: opened non-blocking from the wanted source address and
// interface, its errors in words. Needs no privilege: where the system refuses to bind to an interface, an address of
// that interface is bound instead.
#pragma once

#include <cstdint>
#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/identity/address.h"

namespace stas {

// A descriptor with an owner.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  int fd() const { return fd_; }
  int release();

 private:
  int fd_ = -1;
};

struct TcpEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::string host_traddr;  // "" = any
  std::string host_iface;   // "" = any
};

// "10.0.0.1 port 8009".
std::string to_text(const TcpEndpoint& endpoint);

// The connect has begun; the socket becomes writable when it has ended.
Result<Socket> begin_tcp_connect(const TcpEndpoint& endpoint);

// How it ended.
Result<void> tcp_connect_result(const Socket& socket);

// An errno of a connection as Error: the kind that fits, "<doing>: <words>".
Error tcp_error(const std::string& doing, int errnum);

// Our end's address as text, "" if unknown; link-local with its scope.
std::string tcp_source_address(const Socket& socket);

}  // namespace stas
