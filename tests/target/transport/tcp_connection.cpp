// SPDX-License-Identifier: Apache-2.0
//
// The NVMe/TCP transport of one queue (NVMe/TCP transport specification; limits as Linux hosts need them).
#include "tests/target/transport/tcp_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "tests/target/core/buffers.h"

namespace stas::target {
namespace {

constexpr std::size_t kReceiveRoom = 16384;
constexpr std::size_t kReceivePerEvent = std::size_t{1} << 20;  // then others have their turn
constexpr std::size_t kMaxBacklog = std::size_t{8} << 20;       // of output: beyond it nothing more is read
constexpr std::size_t kMaxC2hData = 131072;
constexpr std::size_t kByReference = 16384;  // data of this size is not copied any more
constexpr std::size_t kCharged = 16384;      // reads below it are not worth counting
constexpr Millis kIcreqTimeout{30000}, kConnectTimeout{120000}, kDrainTimeout{1000};
constexpr std::uint32_t kAtPfv = 8, kAtHpda = 10, kAtTtag = 10, kAtDatal = 16, kAtCccid = 8;

}  // namespace

TcpConnection::TcpConnection(Engine& engine, Poller& poller, ConnectionOwner& owner, MemoryBudget& budget, Setup setup)
    : engine_(engine),
      poller_(poller),
      owner_(owner),
      budget_(budget),
      setup_(std::move(setup)),
      queue_(&engine.open_queue(*this, setup_.origin)) {
  settings_.max_capsule_data = std::max<std::size_t>(kAdminCapsuleData, setup_.listener.in_capsule);
  settings_.max_h2c_data = setup_.listener.maxh2cdata;
  settings_.host_alignment = (setup_.listener.cpda + std::size_t{1}) * 4;
  if (setup_.listener.secure) {
    tls_ = std::make_unique<TlsStream>(setup_.socket.get(),
                                       [this](const TlsIdentity& identity) { return secret_of(identity); });
  }
  interest_ = EPOLLIN;
  watch_ = poller_.add(setup_.socket.get(), interest_, [this](std::uint32_t events) { on_ready(events); });
  owner_.wake_connection(setup_.id, owner_.clock() + kIcreqTimeout);
  if (watch_ == 0) close();
}

TcpConnection::~TcpConnection() {
  poller_.remove(watch_);
  engine_.close_queue(*queue_);
  budget_.give_back(held_);
  budget_.forget(setup_.id);
}

void TcpConnection::close() {
  if (state_ == State::ended) return;
  state_ = State::ended;
  poller_.remove(watch_);
  ::shutdown(setup_.socket.get(), SHUT_RDWR);
  owner_.connection_ended(setup_.id);
}

void TcpConnection::on_timer() {
  if (!pieces_.empty()) {
    Bytes& out = out_.tail();
    out.insert(out.end(), pieces_.front().begin(), pieces_.front().end());
    pieces_.pop_front();
    flush();
    return owner_.wake_connection(setup_.id, owner_.clock() + (pieces_.empty() ? kConnectTimeout : piece_delay_));
  }
  const bool connected = state_ == State::ready && queue_->sqsize > 0;
  if (!connected) close();
}

void TcpConnection::on_ready(std::uint32_t events) {
  handling_ = true;
  // TLS may hold bytes that the socket does not show any more.
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 || tls_) receive();
  advance_waiting();
  flush();
  // What the backlog held up goes on as soon as the host has taken its answers.
  while (stalled_ && backlog() < kMaxBacklog) {
    process();
    flush();
  }
  handling_ = false;
}

void TcpConnection::receive() {
  const std::size_t most = tls_ ? SIZE_MAX : kReceivePerEvent;
  for (std::size_t total = 0; total < most && state_ != State::ended && backlog() < kMaxBacklog;) {
    const auto room = reader_.room(kReceiveRoom);
    const auto got = take(room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) return close();
    const auto count = static_cast<std::size_t>(got);
    total += count;
    engine_.stats().bytes_in += count;
    trace(true, View(room).first(count));
    if (state_ == State::draining) continue;  // read and forgotten
    reader_.grow(count);
    process();
    if (count < room.size() && !tls_) return;
  }
}

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

void TcpConnection::trace(bool from_host, View bytes) {
  if (!owner_.trace().is_enabled()) return;
  const auto port = static_cast<std::uint16_t>(std::strtoul(setup_.listener.trsvcid.c_str(), nullptr, 10));
  owner_.trace().record(setup_.id, {setup_.origin.peer_address, setup_.origin.peer_port, port}, from_host, bytes);
}

void TcpConnection::process() {
  stalled_ = false;
  while (state_ == State::want_icreq || state_ == State::ready) {
    if (backlog() >= kMaxBacklog) {
      stalled_ = true;
      return;
    }
    auto next = reader_.next(settings_);
    if (std::holds_alternative<std::monostate>(next)) return;
    if (const auto* error = std::get_if<PduError>(&next)) return terminate(*error);
    handle(std::get<Pdu>(next));
  }
}

void TcpConnection::handle(const Pdu& pdu) {
  switch (pdu.type) {
    case PduType::icreq:
      return handle_icreq(pdu);
    case PduType::capsule_cmd:
      return handle_command(pdu);
    case PduType::h2c_data:
      return handle_data(pdu);
    default:
      return close();  // H2CTermReq: the host has given up
  }
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

void TcpConnection::handle_command(const Pdu& pdu) {
  Sqe sqe;
  std::copy_n(pdu.header.begin() + 8, sqe.raw.size(), sqe.raw.begin());
  // Refused or not, its in-capsule data has been taken off the stream with the PDU.
  if (!engine_.admit(*queue_, sqe, owner_.clock())) return;
  const std::uint32_t length = sqe.sgl_length();
  const bool writes = sqe.direction() == Direction::to_controller && length > 0;
  const bool large_read = sqe.direction() == Direction::to_host && length >= kCharged;
  if (large_read || (writes && sqe.sgl_type() == sgl::kTransport)) {
    waiting_.push_back(sqe);
    return advance_waiting();
  }
  if (!writes) return run(sqe, {}, false);
  // Connect may bring 8 KiB on any queue; other commands of an I/O queue are held to what IOCCSZ said.
  const bool generous = queue_->qid == 0 || sqe.is_fabrics();
  const std::size_t limit = generous ? settings_.max_capsule_data : setup_.listener.in_capsule;
  if (sqe.sgl_length() > pdu.data.size() || sqe.sgl_length() > limit) {
    return engine_.refuse(*queue_, sqe, Reply::refuse(status::kSglLength));
  }
  Bytes data = take_buffer(sqe.sgl_length());
  std::copy_n(pdu.data.begin(), data.size(), data.begin());
  run(sqe, std::move(data), pdu.data_digest_wrong);
}

/// A damaged payload fails its command only; the host may retry it.
void TcpConnection::run(const Sqe& sqe, Bytes data, bool damaged) {
  if (damaged) {
    ++engine_.stats().digest_errors;
    return engine_.refuse(*queue_, sqe, {0, status::kTransientTransport, false, {}});
  }
  engine_.execute(*queue_, sqe, std::move(data), owner_.clock());
}

void TcpConnection::advance_waiting() {
  while (!waiting_.empty() && state_ == State::ready) {
    const Sqe sqe = waiting_.front();
    if (!budget_.take(setup_.id, held_, sqe.sgl_length())) return;
    waiting_.pop_front();
    held_ += sqe.sgl_length();
    held_by_command_[sqe.cid()] = sqe.sgl_length();
    if (sqe.direction() == Direction::to_host) {
      run(sqe, {}, false);
    } else {
      begin_transfer(sqe);
    }
  }
}

void TcpConnection::on_memory() {
  handling_ = true;
  advance_waiting();
  flush();
  handling_ = false;
}

void TcpConnection::release(std::uint64_t amount) {
  held_ -= amount;
  budget_.give_back(amount);
}

/// The whole transfer is asked for by one R2T, so a host with MAXR2T 0 is satisfied as well.
void TcpConnection::begin_transfer(const Sqe& sqe) {
  while (transfers_.contains(next_ttag_)) ++next_ttag_;
  transfers_.emplace(next_ttag_, Transfer{sqe, sqe.sgl_length(), {}, 0, false});
  write_r2t(out_.tail(), settings_, sqe.cid(), next_ttag_, 0, sqe.sgl_length());
  ++next_ttag_;
}

void TcpConnection::handle_data(const Pdu& pdu) {
  const auto it = transfers_.find(get16(&pdu.header[kAtTtag]));
  if (it == transfers_.end()) return terminate(Fes::invalid_header, kAtTtag, pdu);
  Transfer& transfer = it->second;
  if (get16(&pdu.header[kAtCccid]) != transfer.sqe.cid()) return terminate(Fes::invalid_header, kAtCccid, pdu);
  if (get32(&pdu.header[kAtDatal]) != pdu.data.size()) return terminate(Fes::invalid_header, kAtDatal, pdu);
  const std::size_t left = transfer.expected - transfer.received;
  if (get32(&pdu.header[12]) != transfer.received || pdu.data.size() > left) {
    return terminate(Fes::out_of_range, 0, pdu);
  }
  // Not before: the buffer that was given back last is in the cache.
  if (transfer.data.empty()) transfer.data = take_buffer(transfer.expected);
  std::copy(pdu.data.begin(), pdu.data.end(), &transfer.data[transfer.received]);
  transfer.received += pdu.data.size();
  transfer.damaged = transfer.damaged || pdu.data_digest_wrong;
  const bool last = (pdu.flags & pdu_flag::kLast) != 0;
  if (last != (transfer.received == transfer.expected)) return terminate(Fes::invalid_header, 1, pdu);
  if (!last) return;
  const auto done = transfers_.extract(it);
  run(done.mapped().sqe, std::move(done.mapped().data), done.mapped().damaged);
}

void TcpConnection::complete(Completion completion) {
  if (state_ != State::ready) return;
  if (completion.close) return close();
  const auto held = held_by_command_.extract(completion.cid);
  const std::uint64_t amount = held.empty() ? 0 : held.mapped();
  if (completion.garbage) {
    send_garbage();
  } else {
    const Reply& reply = completion.reply;
    const bool good = reply.status == status::kSuccess;
    const bool has_data = good && !reply.data.empty();
    const bool implied = has_data && !queue_->flow_control && reply.result == 0;
    if (has_data) {
      leaving_ += amount;
      send_data(completion);
    }
    if (!implied) write_response(out_.tail(), settings_, completion.cqe(), completion.damage_header_digest);
    if (has_data) {
      if (!handling_) flush();
      return;
    }
  }
  release(amount);
  if (!handling_) {
    advance_waiting();
    flush();
  }
}

/// Large data is sent from where it is; only the headers around it are made.
void TcpConnection::send_data(Completion& completion) {
  const bool implied = !queue_->flow_control && completion.reply.result == 0;
  if (completion.truncate) completion.reply.data.resize((completion.reply.data.size() / 2 + 3) / 4 * 4);
  const std::shared_ptr<const Bytes> shared(new Bytes(std::move(completion.reply.data)), [](Bytes* bytes) {
    give_buffer(std::move(*bytes));
    delete bytes;
  });
  const View data = *shared;
  for (std::size_t at = 0; at < data.size(); at += kMaxC2hData) {
    const View piece = data.subspan(at, std::min(kMaxC2hData, data.size() - at));
    const bool last = at + piece.size() == data.size();
    const int flags = last ? pdu_flag::kLast | (implied ? pdu_flag::kSuccess : 0) : 0;
    const C2hChunk chunk{.cid = completion.cid,
                         .offset = static_cast<std::uint32_t>(at),
                         .data = piece,
                         .flags = static_cast<std::uint8_t>(flags),
                         .damage_header = completion.damage_header_digest,
                         .damage_data = completion.damage_data_digest};
    write_c2h_head(out_.tail(), settings_, chunk);
    if (piece.size() < kByReference) {
      Bytes& out = out_.tail();
      out.insert(out.end(), piece.begin(), piece.end());
    } else {
      out_.append(shared, at, piece.size());
    }
    write_c2h_tail(out_.tail(), settings_, chunk);
  }
}

void TcpConnection::send_garbage() {
  Bytes& out = out_.tail();
  for (int i = 0; i < 256; ++i) out.push_back(static_cast<std::uint8_t>(0xA5 ^ (i * 37)));
}

/// Hosts older than Linux 6.12 do not understand a TermReq, so the connection is closed as well, after a moment in
/// which the host can read it.
void TcpConnection::terminate(const PduError& error) {
  ++engine_.stats().protocol_errors;
  write_term(out_.tail(), error);
  state_ = State::draining;
  transfers_.clear();
  waiting_.clear();
  owner_.wake_connection(setup_.id, owner_.clock() + kDrainTimeout);
}

void TcpConnection::terminate(Fes fes, std::uint32_t fei, const Pdu& pdu) {
  terminate({fes, fei, Bytes(pdu.header.begin(), pdu.header.end())});
}

void TcpConnection::flush() {
  const bool outer = std::exchange(handling_, true);
  send_all();
  handling_ = outer;
  if (state_ == State::ended) return;
  if (backlog() == 0 && state_ == State::draining) ::shutdown(setup_.socket.get(), SHUT_WR);
  update_interest();
}

void TcpConnection::send_all() {
  for (;;) {
    if (state_ == State::ended) return;
    if (!send_pieces()) return close();
    if (backlog() > 0 || leaving_ == 0) return;
    // What has left makes room for commands that wait for it; they may add to the backlog.
    release(std::exchange(leaving_, 0));
    advance_waiting();
  }
}

/// As much as the socket takes. False: the connection is broken.
bool TcpConnection::send_pieces() {
  std::array<iovec, 32> pieces{};
  while (const std::size_t count = out_.pieces(pieces)) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const auto done = tls_ ? tls_->write({static_cast<const std::uint8_t*>(pieces[0].iov_base), pieces[0].iov_len})
                           : ::sendmsg(setup_.socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    std::size_t left = static_cast<std::size_t>(done);
    for (std::size_t i = 0; i < count && left > 0 && owner_.trace().is_enabled(); ++i) {
      const std::size_t part = std::min(left, pieces[i].iov_len);
      trace(false, View(static_cast<const std::uint8_t*>(pieces[i].iov_base), part));
      left -= part;
    }
    out_.consume(static_cast<std::size_t>(done));
    engine_.stats().bytes_out += static_cast<std::uint64_t>(done);
  }
  return true;
}

void TcpConnection::update_interest() {
  if (state_ == State::ended) return;
  const std::uint32_t wanted = (backlog() < kMaxBacklog ? EPOLLIN : 0U) | (backlog() > 0 ? EPOLLOUT : 0U);
  if (wanted == interest_) return;
  interest_ = wanted;
  poller_.modify(watch_, wanted);
}

}  // namespace stas::target
