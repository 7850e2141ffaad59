// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/errno_kind.h"

#include <cerrno>

namespace stas {

ErrorKind network_error_kind(int errnum) {
  switch (errnum) {
    case ECONNREFUSED:
      return ErrorKind::refused;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return ErrorKind::closed;
    case ETIMEDOUT:
      return ErrorKind::timed_out;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case ENODEV:
      return ErrorKind::unreachable;
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

}  // namespace stas
