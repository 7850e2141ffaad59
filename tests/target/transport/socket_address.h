// SPDX-License-Identifier: Apache-2.0
//
// Literal IP addresses to socket addresses and back. No name resolution.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "tests/target/core/result.h"

namespace stas::target {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  static Result<SocketAddress> parse(const std::string& traddr, const std::string& trsvcid);
  static SocketAddress of_local(int fd);
  static SocketAddress of_peer(int fd);

  [[nodiscard]] std::uint8_t adrfam() const { return storage.ss_family == AF_INET6 ? 2 : 1; }
  [[nodiscard]] std::string address() const;  ///< without scope
  [[nodiscard]] std::string port() const;
  [[nodiscard]] bool is_wildcard() const;
};

}  // namespace stas::target
