// SPDX-License-Identifier: Apache-2.0
//
// Outcomes as values. A function that can go wrong returns Result<T>: a value, or an Error that names the object, the
// cause and, where there is one, what to do. Errors are handled or passed on, never both. Exceptions of libraries stop
// at the file that called the library.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace stas {

// What kind of thing went wrong, for code that has to decide; people read `text`.
enum class ErrorKind {
  invalid_input,      // somebody else's data is malformed (configuration, wire, bus, file)
  not_found,          // the named object does not exist
  refused,            // the peer answered and said no (TCP RST, NVMe status with DNR)
  rejected,           // NVMe status without DNR, or DIM refusal: may work later
  timed_out,          // no answer within the deadline
  unreachable,        // no route, network down, no such source address or interface
  closed,             // the peer closed the connection
  protocol,           // the peer broke the protocol
  already_connected,  // the kernel has this connection already
  not_supported,      // this kernel, transport or build cannot do it
  permission,         // EPERM, EACCES, authentication failed
  busy,               // a bound was hit; try again later
  cancelled,          // we gave up ourselves (shutdown, device vanished)
  io,                 // anything else the system said
};

struct Error {
  ErrorKind kind = ErrorKind::io;
  int errnum = 0;    // errno behind it, 0 if there is none
  std::string text;  // one sentence without full stop, names the object; never contains a secret
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string text, int errnum = 0) {
  return tl::unexpected<Error>(Error{kind, errnum, std::move(text)});
}

}  // namespace stas
