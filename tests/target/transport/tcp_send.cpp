// SPDX-License-Identifier: Apache-2.0
//
// What goes to the host: answers with their data, the end of a connection that broke the protocol, and the socket's
// pace.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "tests/target/core/buffers.h"
#include "tests/target/transport/tcp_connection.h"

namespace stas::target {
namespace {

constexpr std::size_t kMaxC2hData = 131072;
constexpr std::size_t kByReference = 16384;  // data of this size is not copied any more
constexpr Millis kDrainTimeout{1000};

}  // namespace

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
