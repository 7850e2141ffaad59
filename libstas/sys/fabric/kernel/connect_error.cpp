// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/connect_error.h"

#include <cerrno>
#include <cstring>

namespace stas {

namespace {

struct Words {
  ErrorKind kind;
  std::string text;
};

std::string why_einval(const Connect& connect) {
  std::string text = "the kernel refused a parameter; likely: ";
  if (connect.kind == ControllerKind::discovery) text += "the NQN is not that of a discovery controller, ";
  return text +
         "the host NQN or host ID is already in use with another partner (they must be the same pair in all "
         "connections of this machine), a value out of range, or a malformed DH-HMAC-CHAP key; the kernel log says "
         "which";
}

std::string why_eio(const Connect& connect) {
  return "the controller refused the connection; likely: the NQN is unknown there, this host (" + connect.host.nqn +
         ") is not allowed, or authentication failed; the kernel log has the status";
}

std::string why_enodev(const Connect& connect) {
  if (connect.tid.host_iface().empty()) return "the controller never became ready";
  return "interface " + connect.tid.host_iface() + " does not exist, or the controller never became ready";
}

Words words_of(const Connect& connect, int errnum) {
  switch (errnum) {
    case EALREADY:
      return {ErrorKind::already_connected, "the kernel has this connection already"};
    case EINVAL:
      return {ErrorKind::invalid_input, why_einval(connect)};
    case EADDRINUSE:
      return {ErrorKind::invalid_input, "the host NQN is already in use with other options"};
    case EIO:
      return {ErrorKind::refused, why_eio(connect)};
    case ENODEV:
      return {ErrorKind::unreachable, why_enodev(connect)};
    case EOPNOTSUPP:
      return {ErrorKind::not_supported,
              "the kernel and the controller have no common ground (secure concatenation, SGL support)"};
    case ECONNREFUSED:
      return {ErrorKind::refused, "connection refused: nothing listens on that port"};
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
      if (connect.tid.transport() == Transport::rdma && errnum == ECONNRESET) {
        return {ErrorKind::not_supported, "connection reset: this host has no RDMA device that reaches the address"};
      }
      return {ErrorKind::closed, "the controller closed the connection"};
    case ETIMEDOUT:
      return {ErrorKind::timed_out, "no answer: the address is silent or a firewall drops the packets"};
    case EAGAIN:
      return {ErrorKind::timed_out, "the TCP connection was accepted, but nothing there speaks NVMe/TCP"};
    case EADDRNOTAVAIL:
      return {ErrorKind::unreachable, "the source address " + connect.tid.host_traddr() + " is not on this host"};
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
      return {ErrorKind::unreachable, "no route to the address"};
    case ENOKEY:
      return {ErrorKind::permission, "the controller wants authentication or TLS, and the kernel has no key for it"};
    case EKEYREJECTED:
    case ECONNABORTED:
      return {ErrorKind::permission, "authentication failed: the DH-HMAC-CHAP keys of host and controller differ"};
    case EPERM:
    case EACCES:
      return {ErrorKind::permission, "not permitted: making a connection needs root"};
    case EPROTO:
      return {ErrorKind::protocol, "the controller broke the protocol"};
    case EBUSY:
      return {ErrorKind::busy, "the controller or the kernel is busy"};
    default:
      return {ErrorKind::io, std::strerror(errnum)};
  }
}

}  // namespace

Error connect_error(const Connect& connect, int errnum) {
  auto words = words_of(connect, errnum);
  return Error{words.kind, errnum, connect.tid.to_string() + ": cannot connect: " + std::move(words.text)};
}

bool is_unexplained(const Error& error) { return error.errnum == EIO; }

Error connect_error(const Tid& tid, int errnum, const Error& why) {
  return Error{why.kind, errnum, tid.to_string() + ": cannot connect: " + why.text};
}

Error fabrics_open_error(const std::string& path, int errnum) {
  if (errnum == ENOENT || errnum == ENODEV || errnum == ENXIO) {
    return Error{ErrorKind::not_supported, errnum,
                 path + " does not exist: the kernel module nvme-fabrics is not loaded (modprobe nvme-tcp)"};
  }
  const bool denied = errnum == EACCES || errnum == EPERM;
  // Not the mode of the file, but who filters devices; systemd does it by the numbers of when the unit was started.
  const char* advice =
      errnum == EPERM ? " (restart this service if the module nvme-fabrics was loaded again since it was started)" : "";
  return Error{denied ? ErrorKind::permission : ErrorKind::io, errnum, path + ": " + std::strerror(errnum) + advice};
}

}  // namespace stas
