// SPDX-License-Identifier: Apache-2.0
//
// How a connection begins: TLS with the keys of the host that names itself, ICReq and ICResp, and the faults of both.
#include <sys/socket.h>

#include <cstdint>
#include <utility>

#include "tests/target/transport/tcp_connection.h"

namespace stas::target {
namespace {

constexpr std::uint32_t kAtPfv = 8, kAtHpda = 10;

}  // namespace

ssize_t TcpConnection::take(std::span<std::uint8_t> room) {
  if (!tls_) return ::recv(setup_.socket.get(), room.data(), room.size(), MSG_DONTWAIT);
  const ssize_t got = tls_->read(room);
  if (tls_->peer() && queue_->origin.secure_host.empty()) {
    queue_->origin.secure_host = tls_->peer()->hostnqn;
    queue_->origin.secure_subnqn = tls_->peer()->subnqn;
  }
  return got;
}

/// A host may have several keys for the discovery service: the one whose identity it names.
Bytes TcpConnection::secret_of(const TlsIdentity& identity) const {
  for (const auto& text : engine_.tls_keys(identity.hostnqn, identity.subnqn)) {
    const auto retained = retained_tls_key(text, identity.hostnqn);
    if (!retained || (retained->size() == 48 ? 2 : 1) != identity.cipher) continue;
    const std::string full = tls_identity(*retained, identity.version, identity.hostnqn, identity.subnqn);
    const bool same = identity.version == 0 || full.ends_with(" " + identity.digest);
    if (same) return tls_secret(*retained, identity.version, identity.hostnqn, identity.subnqn);
  }
  return {};
}

Occasion TcpConnection::at_start() const { return {.listener = setup_.listener.id}; }

void TcpConnection::handle_icreq(const Pdu& pdu) {
  if (get16(&pdu.header[kAtPfv]) != 0) return terminate(Fes::unsupported_parameter, kAtPfv, pdu);
  if (pdu.header[kAtHpda] > 31) return terminate(Fes::invalid_header, kAtHpda, pdu);
  FaultList& faults = engine_.faults();
  const bool silent = faults.strike(FaultKind::no_icresp, at_start()).has_value();
  settings_.negotiated = true;
  settings_.data_alignment = (pdu.header[kAtHpda] + std::size_t{1}) * 4;
  settings_.header_digest = (pdu.header[11] & 1) != 0;
  settings_.data_digest = (pdu.header[11] & 2) != 0;
  state_ = State::ready;
  owner_.wake_connection(setup_.id, owner_.clock() + kConnectTimeout);
  if (silent) return;
  if (faults.strike(FaultKind::close, at_start())) return close();
  if (faults.strike(FaultKind::garbage, at_start())) return send_garbage();
  send_icresp(settings_.header_digest, settings_.data_digest);
}

/// One write carries all 128 bytes: Linux hosts up to 6.12 take a short read of it for an error. A fault splits it.
void TcpConnection::send_icresp(bool header_digest, bool data_digest) {
  const bool bad = engine_.faults().strike(FaultKind::bad_icresp, at_start()).has_value();
  Bytes response;
  write_icresp(response, {.pfv = static_cast<std::uint16_t>(bad ? 1 : 0),
                          .cpda = setup_.listener.cpda,
                          .header_digest = header_digest,
                          .data_digest = data_digest,
                          .maxh2cdata = setup_.listener.maxh2cdata});
  if (const auto fault = engine_.faults().strike(FaultKind::split_icresp, at_start())) {
    pieces_.emplace_back(response.begin(), response.begin() + 5);
    pieces_.emplace_back(response.begin() + 5, response.begin() + 60);
    pieces_.emplace_back(response.begin() + 60, response.end());
    piece_delay_ = Millis(fault->delay_ms.value_or(50));
    return owner_.wake_connection(setup_.id, owner_.clock());
  }
  Bytes& out = out_.tail();
  out.insert(out.end(), response.begin(), response.end());
}

}  // namespace stas::target
