// SPDX-License-Identifier: Apache-2.0
//
// TLS 1.3 with pre-shared keys on a non-blocking socket, the server's end. The handshake happens in the first reads.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "tests/target/core/wire.h"
#include "tests/target/tls/psk.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace stas::target {

class TlsStream {
 public:
  /// The secret for an identity; empty if nobody here has that name or key.
  using FindSecret = std::function<Bytes(const TlsIdentity& identity)>;

  /// `socket` stays the caller's and outlives the stream.
  TlsStream(int socket, FindSecret find);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// As recv(2) and send(2): bytes moved; 0 at the end of the stream; -1 with EAGAIN in errno if it has to wait, or
  /// with another error if the connection is broken.
  ssize_t read(std::span<std::uint8_t> into);
  ssize_t write(View bytes);
  /// Whom the handshake has shown to be there; empty before.
  [[nodiscard]] const std::optional<TlsIdentity>& peer() const { return peer_; }

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
    void operator()(ssl_ctx_st* context) const;
  };

  /// Before a cipher is chosen: the one that goes with the key which the host names.
  static int on_hello(ssl_st* ssl, int* alert, void* self);
  static int find_session(ssl_st* ssl, const unsigned char* identity, std::size_t length, ssl_session_st** session);
  ssize_t outcome(int result);

  FindSecret find_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::unique_ptr<ssl_st, Free> ssl_;
  std::optional<TlsIdentity> named_;  ///< by the hello, before it is proven
  std::optional<TlsIdentity> peer_;
};

}  // namespace stas::target
