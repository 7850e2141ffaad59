// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/connect_error.h"

#include <cerrno>
#include <cstring>
#include <optional>

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

std::string why_no_tls_key(const ConnectOptions& options) {
  if (options.tls_key || options.keyring)
    return "the kernel has no key or keyring with the serial number of tls-key= or keyring= (/proc/keys lists them in "
           "hexadecimal; they are other ones after a boot)";
  return "the kernel has no TLS key for this host NQN and subsystem in its keyring (`nvme check-tls-key --insert` puts "
         "one there, and /proc/keys shows it as psk)";
}

// Where the connection was to be encrypted from its first byte on. The handshake is done by tlshd for the kernel.
std::optional<Words> tls_words_of(const Connect& connect, int errnum) {
  switch (errnum) {
    case ESRCH:
      return Words{ErrorKind::not_supported,
                   "nobody does the TLS handshake for the kernel: tlshd is not running (package ktls-utils, `systemctl "
                   "enable --now tlshd`)"};
    case ENOKEY:
      return Words{ErrorKind::permission, why_no_tls_key(connect.options)};
    case EKEYREVOKED:
    case EKEYEXPIRED:
      return Words{ErrorKind::permission, "the TLS key is revoked or has expired"};
    case EACCES:
    case EKEYREJECTED:
    case EIO:
      return Words{ErrorKind::permission,
                   "the TLS handshake failed, or the controller refused the connection; likely: the TLS keys of host "
                   "and controller differ, this host is not allowed there, or the kernel module tls is missing; the "
                   "log of tlshd and the kernel log have the reason"};
    case ETIMEDOUT:
      return Words{ErrorKind::timed_out, "the TLS handshake did not come to an end: is that port one for TLS?"};
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
      return Words{ErrorKind::closed,
                   "the controller closed the connection in the TLS handshake: is that port one for TLS?"};
    default:
      return std::nullopt;
  }
}

Words words_of(const Connect& connect, int errnum) {
  if (wants_tls(connect.options))
    if (auto words = tls_words_of(connect, errnum)) return *std::move(words);
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
