// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL behind the stream.
#include "tests/target/tls/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace stas::target {

void TlsStream::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }
void TlsStream::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsStream::TlsStream(int socket, FindSecret find)
    : find_(std::move(find)), context_(SSL_CTX_new(TLS_server_method())), ssl_(nullptr) {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256");
  // Keys are known beforehand to both ends: there is nothing to resume and no certificate.
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_psk_find_session_callback(context, find_session);
  SSL_CTX_set_client_hello_cb(context, on_hello, this);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ssl_.reset(SSL_new(context));
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_fd(ssl_.get(), socket);
  SSL_set_accept_state(ssl_.get());
}

TlsStream::~TlsStream() = default;

int TlsStream::on_hello(ssl_st* ssl, int* /*alert*/, void* /*self*/) {
  // pre_shared_key (RFC 8446, 4.2.11): the length of the list, then of its first identity, and that identity.
  constexpr unsigned kPreSharedKey = 41;
  const unsigned char* extension = nullptr;
  std::size_t length = 0;
  if (SSL_client_hello_get0_ext(ssl, kPreSharedKey, &extension, &length) != 1 || length < 4) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  const std::size_t size = (static_cast<std::size_t>(extension[2]) << 8) | extension[3];
  if (size > length - 4) return SSL_CLIENT_HELLO_SUCCESS;
  const auto named = parse_tls_identity({reinterpret_cast<const char*>(extension + 4), size});
  if (named) SSL_set_ciphersuites(ssl, named->cipher == 2 ? "TLS_AES_256_GCM_SHA384" : "TLS_AES_128_GCM_SHA256");
  return SSL_CLIENT_HELLO_SUCCESS;
}

int TlsStream::find_session(ssl_st* ssl, const unsigned char* identity, std::size_t length, ssl_session_st** session) {
  auto& self = *static_cast<TlsStream*>(SSL_get_app_data(ssl));
  *session = nullptr;
  const auto named = parse_tls_identity({reinterpret_cast<const char*>(identity), length});
  if (!named) return 1;
  const Bytes secret = self.find_(*named);
  if (secret.empty()) return 1;
  // TLS_AES_128_GCM_SHA256 and TLS_AES_256_GCM_SHA384.
  const std::array<unsigned char, 2> id{0x13, static_cast<unsigned char>(named->cipher)};
  SSL_SESSION* made = SSL_SESSION_new();
  const bool complete = made != nullptr && SSL_SESSION_set1_master_key(made, secret.data(), secret.size()) == 1 &&
                        SSL_SESSION_set_cipher(made, SSL_CIPHER_find(ssl, id.data())) == 1 &&
                        SSL_SESSION_set_protocol_version(made, TLS1_3_VERSION) == 1;
  if (!complete) {
    SSL_SESSION_free(made);
    return 0;
  }
  self.named_ = named;
  *session = made;
  return 1;
}

ssize_t TlsStream::outcome(int result) {
  if (!peer_ && named_ && SSL_is_init_finished(ssl_.get()) != 0) peer_ = named_;
  if (result > 0) return result;
  const int why = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  if (why == SSL_ERROR_ZERO_RETURN) return 0;
  errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
  return -1;
}

ssize_t TlsStream::read(std::span<std::uint8_t> into) {
  ERR_clear_error();
  const int most = static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX));
  return outcome(SSL_read(ssl_.get(), into.data(), most));
}

ssize_t TlsStream::write(View bytes) {
  ERR_clear_error();
  const int most = static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX));
  return outcome(SSL_write(ssl_.get(), bytes.data(), most));
}

}  // namespace stas::target
