// SPDX-License-Identifier: Apache-2.0
//
// The NVMe/TCP transport of one queue (NVMe/TCP transport specification; limits as Linux hosts need them): its life,
// and what comes from the host. Its start is in tcp_start.cpp, what goes to the host in tcp_send.cpp.
#include "tests/target/transport/tcp_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "tests/target/core/buffers.h"

namespace stas::target {
namespace {

constexpr std::size_t kReceiveRoom = 16384;
constexpr std::size_t kReceivePerEvent = std::size_t{1} << 20;  // then others have their turn
constexpr std::size_t kCharged = 16384;                         // reads below it are not worth counting
constexpr Millis kIcreqTimeout{30000};
constexpr std::uint32_t kAtTtag = 10, kAtDatal = 16, kAtCccid = 8;

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

}  // namespace stas::target
