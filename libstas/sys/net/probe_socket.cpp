// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/probe_socket.h"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "libstas/sys/net/errno_kind.h"

namespace stas {

namespace {

constexpr unsigned char kIcReq = 0x00, kIcResp = 0x01, kC2hTermReq = 0x03;
constexpr std::uint32_t kMinMaxH2cData = 4096;

std::uint32_t le32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// The scope of a link-local address that has none of its own: the interface we were told, else that of the other side.
std::string scope_for(const ProbeTarget& target, const IpAddress& other_side) {
  if (!target.host_iface.empty()) return target.host_iface;
  return other_side.is_link_local() ? other_side.scope() : std::string();
}

SocketAddress socket_address(const IpAddress& address, std::uint16_t port, const std::string& iface) {
  SocketAddress result;
  const auto bytes = address.bytes();
  if (address.family() == IpFamily::v4) {
    auto* in = reinterpret_cast<sockaddr_in*>(&result.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    std::memcpy(&in->sin_addr, bytes.data(), sizeof in->sin_addr);
    result.length = sizeof *in;
    return result;
  }
  auto* in6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(port);
  std::memcpy(&in6->sin6_addr, bytes.data(), sizeof in6->sin6_addr);
  const std::string& scope = !address.scope().empty() ? address.scope() : iface;
  if (address.is_link_local() && !scope.empty()) in6->sin6_scope_id = if_nametoindex(scope.c_str());
  result.length = sizeof *in6;
  return result;
}

// Errno of what went wrong, 0 if nothing did; `doing` names the step.
int bind_source(int fd, const ProbeTarget& target, std::string& doing) {
  if (!target.host_iface.empty()) {
    doing = "bind to interface " + target.host_iface;
    const auto length = static_cast<socklen_t>(target.host_iface.size());
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, target.host_iface.c_str(), length) < 0) return errno;
  }
  if (!target.host_traddr.empty()) {
    doing = "bind to source address " + target.host_traddr;
    const auto source = IpAddress::parse(target.host_traddr);
    if (!source || source->family() != target.address.family()) return EADDRNOTAVAIL;
    const auto address = socket_address(*source, 0, scope_for(target, target.address));
    if (bind(fd, address.get(), address.length) < 0) return errno;
  }
  return 0;
}

int begin_connect(int fd, const ProbeTarget& target, std::string& doing) {
  if (const int errnum = bind_source(fd, target, doing)) return errnum;
  doing = "TCP connect";
  std::uint16_t port = 0;
  const std::string& text = target.port;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return EINVAL;
  const auto source = IpAddress::parse(target.host_traddr);
  const auto address = socket_address(target.address, port, source ? scope_for(target, *source) : target.host_iface);
  if (connect(fd, address.get(), address.length) < 0 && errno != EINPROGRESS) return errno;
  return 0;
}

}  // namespace

std::string icreq_pdu() {
  std::string pdu(kIcPduSize, '\0');
  pdu[0] = static_cast<char>(kIcReq);
  pdu[2] = static_cast<char>(kIcPduSize);  // HLEN
  pdu[4] = static_cast<char>(kIcPduSize);  // PLEN; PFV, HPDA, DGST and MAXR2T are 0
  return pdu;
}

Result<void> check_icresp(std::string_view pdu) {
  const auto bad = [](const char* what) { return fail(ErrorKind::protocol, what); };
  if (pdu.empty()) return fail(ErrorKind::closed, "closed the connection instead of answering ICReq");
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(pdu[at]); };
  if (byte(0) == kC2hTermReq) return bad("answered ICReq with a termination request");
  if (byte(0) != kIcResp) return bad("does not speak NVMe/TCP");
  if (pdu.size() < kIcPduSize) return bad("closed the connection within its ICResp");
  if (byte(2) != kIcPduSize || le32(pdu, 4) != kIcPduSize) return bad("sent an ICResp of the wrong length");
  if (byte(8) != 0 || byte(9) != 0) return bad("speaks an unknown version of NVMe/TCP");
  if (byte(11) != 0) return bad("turned digests on that were not asked for");
  if (le32(pdu, 12) < kMinMaxH2cData) return bad("announced an impossible MAXH2CDATA");
  return {};
}

Error probe_error(const ProbeTarget& target, const std::string& doing, int errnum) {
  return Error{network_error_kind(errnum), errnum,
               target.to_string() + " does not answer: " + doing + ": " + std::strerror(errnum)};
}

Result<UniqueFd> begin_probe_connect(const ProbeTarget& target) {
  const int family = target.address.family() == IpFamily::v4 ? AF_INET : AF_INET6;
  UniqueFd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return tl::unexpected<Error>(probe_error(target, "socket", errno));
  std::string doing;
  if (const int errnum = begin_connect(fd.get(), target, doing)) {
    return tl::unexpected<Error>(probe_error(target, doing, errnum));
  }
  return fd;
}

Result<void> probe_connect_result(int fd, const ProbeTarget& target) {
  int errnum = 0;
  socklen_t length = sizeof errnum;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &length) < 0) errnum = errno;
  if (errnum != 0) return tl::unexpected<Error>(probe_error(target, "TCP connect", errnum));
  return {};
}

}  // namespace stas
