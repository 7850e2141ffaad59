// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/host/tcp_link.h"

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace stas {

namespace {

constexpr std::size_t kReadSize = std::size_t{64} << 10;
// One busy connection must not keep the loop from the others: the rest is read in the next iteration.
constexpr int kReadsPerWakeup = 8;

}  // namespace

TcpLink::TcpLink(Loop& loop, const TcpEndpoint& endpoint, nvme_tcp::Digests digests, Duration connect_timeout,
                 Changed changed)
    : changed_(std::move(changed)), connect_timeout_(connect_timeout), queue_(digests) {
  auto socket = begin_tcp_connect(endpoint);
  if (!socket) {
    error_ = socket.error();
    return;
  }
  socket_ = std::move(*socket);
  connect_until_ = loop.now() + connect_timeout;
  auto io = loop.watch(socket_.get(), EPOLLOUT, [this](std::uint32_t revents) { on_io(revents); });
  if (io)
    io_ = *std::move(io);
  else
    die(io.error());
}

void TcpLink::die(Error error) {
  if (error_) return;
  error_ = std::move(error);
  connect_until_ = kNever;
  io_ = IoSource();
  socket_ = UniqueFd();
}

void TcpLink::advance(Instant now) {
  if (now < connect_until_) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(connect_timeout_).count();
  die(Error{ErrorKind::timed_out, ETIMEDOUT, "no answer to the TCP connect within " + std::to_string(ms) + " ms"});
}

void TcpLink::on_io(std::uint32_t revents) {
  if (connect_until_ != kNever) {
    on_connected();
  } else {
    if ((revents & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) read_all();
    if (!error_) flush();
  }
  // The owner may destroy this link in the call, and `changed_` with it.
  const auto call = changed_;
  call();
}

void TcpLink::on_connected() {
  if (auto connected = tcp_connect_result(socket_); !connected) return die(connected.error());
  connect_until_ = kNever;
  io_.set_events(EPOLLIN | EPOLLOUT);
  queue_.start();
  flush();
}

void TcpLink::read_all() {
  std::array<char, kReadSize> buffer;
  for (int i = 0; i < kReadsPerWakeup && !error_; ++i) {
    const auto length = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (length > 0) {
      feed(std::string_view(buffer.data(), static_cast<std::size_t>(length)));
      if (static_cast<std::size_t>(length) < buffer.size()) return;
    } else if (length == 0) {
      return die(Error{ErrorKind::closed, 0,
                       queue_.ready() ? "the controller closed the connection"
                                      : "the controller closed the connection before it was initialized (no ICResp)"});
    } else if (errno == EAGAIN || errno == EINTR) {
      return;
    } else {
      return die(tcp_error("TCP connection", errno));
    }
  }
}

void TcpLink::feed(std::string_view bytes) {
  auto fed = queue_.feed(bytes);
  if (fed) return;
  flush();  // the terminate request, as far as the socket takes it at once
  die(fed.error());
}

void TcpLink::submit(nvme_tcp::Token token, nvme_tcp::Command command) {
  if (error_) return;
  if (auto submitted = queue_.submit(token, std::move(command)); !submitted) die(submitted.error());
}

void TcpLink::flush() {
  if (error_ || connect_until_ != kNever) return;
  if (sent_ == output_.size()) {
    output_ = queue_.take_output();
    sent_ = 0;
  } else {
    output_ += queue_.take_output();
  }
  while (sent_ < output_.size()) {
    const auto length = send(socket_.get(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
    if (length >= 0) {
      sent_ += static_cast<std::size_t>(length);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      return die(tcp_error("TCP connection", errno));
    }
  }
  const bool wants_write = sent_ < output_.size();
  if (wants_write == wants_write_) return;
  wants_write_ = wants_write;
  io_.set_events(wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

}  // namespace stas
