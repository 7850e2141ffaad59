// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/tcp_endpoint.h"

#include "libstas/core/base/text.h"

namespace stas {

std::string to_text(const TcpEndpoint& endpoint) {
  const bool v6 = endpoint.address.family() == IpFamily::v6;
  std::string text = v6 ? "[" + endpoint.address.to_string() + "]" : endpoint.address.to_string();
  text += ":" + std::to_string(endpoint.port);
  if (!endpoint.host_traddr.empty()) text += " from " + endpoint.host_traddr;
  if (!endpoint.host_iface.empty()) text += " through " + endpoint.host_iface;
  return text;
}

Result<TcpEndpoint> tcp_endpoint_of(const Tid& tid) {
  if (!tid.ip()) return fail(ErrorKind::invalid_input, tid.to_string() + ": the address is not an IP address");
  const auto port = parse_port(tid.trsvcid());
  if (!port) return fail(ErrorKind::invalid_input, tid.to_string() + ": the port is not a number from 1 to 65535");
  return TcpEndpoint{*tid.ip(), static_cast<std::uint16_t>(*port), tid.host_traddr(), tid.host_iface()};
}

}  // namespace stas
