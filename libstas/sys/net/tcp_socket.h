// SPDX-License-Identifier: Apache-2.0
//
// A TCP connection at the level of sockets, for the probe and the user fabric: opened non-blocking from the wanted
// source address and interface, its errors in words. Needs no privilege: where the system refuses to bind to an
// interface, an address of that interface is bound instead.
#pragma once

#include <string>

#include "libstas/core/base/result.h"
#include "libstas/sys/net/tcp_endpoint.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

// The connect has begun; the socket becomes writable when it has ended.
Result<UniqueFd> begin_tcp_connect(const TcpEndpoint& endpoint);

// How it ended.
Result<void> tcp_connect_result(const UniqueFd& socket);

// An errno of a connection as Error: the kind that fits, "<doing>: <words>".
Error tcp_error(const std::string& doing, int errnum);

// Our end's address as text, "" if unknown; link-local with its scope.
std::string tcp_source_address(const UniqueFd& socket);

}  // namespace stas
