// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/probe.h"

#include <cerrno>
#include <optional>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "libstas/nvme_tcp/queue.h"
#include "libstas/sys/net/tcp_socket.h"

namespace stas {

namespace {

constexpr std::size_t kMaxRemembered = 4096;
constexpr std::size_t kReadSize = 512;  // an ICResp has 128 bytes; who says more is no controller

Error no_answer(const TcpEndpoint& target, Error error) {
  error.text = to_text(target) + " does not answer: " + error.text;
  return error;
}

}  // namespace

// One portal being asked, or waiting to be.
struct Prober::Attempt {
  TcpEndpoint target;
  std::map<Ticket, Callback> callbacks;
  UniqueFd fd;
  std::optional<nvme_tcp::TcpQueue> queue;  // once connected; thousands may wait
  IoSource io;                              // after fd: it must not outlive the descriptor
  TimerSource timer;

  // nullopt: go on waiting.
  std::optional<Result<void>> on_ready() { return queue ? on_readable() : on_connected(); }

 private:
  std::optional<Result<void>> on_connected() {
    if (auto connected = tcp_connect_result(fd); !connected) return failed(connected.error());
    if (target.tls) return Result<void>();
    queue.emplace(nvme_tcp::Digests{});
    queue->start();
    const auto request = queue->take_output();
    // Fits into the empty buffer of a fresh socket, always.
    const ssize_t sent = send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request.size())) return failed(tcp_error("ICReq", sent < 0 ? errno : EIO));
    io.set_events(EPOLLIN);
    return std::nullopt;
  }

  std::optional<Result<void>> on_readable() {
    char buffer[kReadSize];
    const ssize_t got = recv(fd.get(), buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    if (got < 0) return failed(tcp_error("ICResp", errno));
    if (got == 0) {
      return fail(ErrorKind::closed,
                  to_text(target) +
                      ": the peer closed the connection instead of answering ICReq (a port that wants TLS does so)");
    }
    auto fed = queue->feed({buffer, static_cast<std::size_t>(got)});
    if (!fed) {
      fed.error().text = to_text(target) + ": " + fed.error().text;
      return fed;
    }
    if (queue->ready()) return Result<void>();
    return std::nullopt;
  }

  Result<void> failed(Error error) const { return tl::unexpected(no_answer(target, std::move(error))); }
};

Prober::Prober(Loop& loop, ProbeLimits limits)
    : loop_(loop), limits_(limits), pump_later_(loop.once([this] { pump(); })) {}
Prober::~Prober() = default;

Prober::Ticket Prober::probe(const TcpEndpoint& target, Callback callback) {
  auto& attempt = attempts_[target];
  if (!attempt) {
    attempt = std::make_unique<Attempt>();
    attempt->target = target;
    waiting_.push_back(target);
  }
  attempt->callbacks.emplace(++last_ticket_, std::move(callback));
  pump_later_.arm();
  return last_ticket_;
}

void Prober::withdraw(const TcpEndpoint& target, Ticket ticket) {
  answering_.erase(ticket);
  const auto found = attempts_.find(target);
  if (found == attempts_.end() || found->second->callbacks.erase(ticket) == 0) return;
  if (!found->second->callbacks.empty()) return;
  if (running_.erase(target) == 0) std::erase(waiting_, target);
  attempts_.erase(found);
  pump_later_.arm();
}

void Prober::pump() {
  while (!waiting_.empty() && running_.size() < limits_.parallel) {
    const TcpEndpoint target = waiting_.front();
    waiting_.pop_front();
    running_.insert(target);
    if (is_fresh(target)) {
      finish(target, {});
    } else {
      begin(*attempts_.at(target));
    }
  }
}

void Prober::begin(Attempt& attempt) {
  const TcpEndpoint target = attempt.target;
  auto fd = begin_tcp_connect(target);
  if (!fd) return finish(target, tl::unexpected(no_answer(target, fd.error())));
  attempt.fd = std::move(*fd);
  auto io = loop_.watch(attempt.fd.get(), EPOLLOUT, [this, &attempt](std::uint32_t) {
    const TcpEndpoint asked = attempt.target;
    auto result = attempt.on_ready();
    if (!result) return;
    if (*result) remember(asked);
    finish(asked, std::move(*result));
    pump();
  });
  if (!io) return finish(target, tl::unexpected(no_answer(target, io.error())));
  attempt.io = *std::move(io);
  attempt.timer = loop_.timer([this, &attempt] {
    const char* silent = attempt.queue ? " accepts TCP connections, but does not answer ICReq"
                                       : " does not answer: no reply to TCP connect (silent or filtered)";
    const TcpEndpoint asked = attempt.target;
    finish(asked, fail(ErrorKind::timed_out, to_text(asked) + silent, ETIMEDOUT));
    pump();
  });
  attempt.timer.arm_after(limits_.deadline);
}

void Prober::finish(const TcpEndpoint& target, Result<void> result) {
  const auto node = attempts_.extract(target);
  running_.erase(target);
  if (node.empty()) return;
  answering_ = std::move(node.mapped()->callbacks);
  while (!answering_.empty()) answering_.extract(answering_.begin()).mapped()(result);
}

void Prober::remember(const TcpEndpoint& target) {
  if (answered_.size() >= kMaxRemembered) {
    std::erase_if(answered_, [this](const auto& item) { return !is_fresh(item.first); });
    if (answered_.size() >= kMaxRemembered) answered_.clear();
  }
  answered_[target] = loop_.now();
}

bool Prober::is_fresh(const TcpEndpoint& target) const {
  const auto found = answered_.find(target);
  return found != answered_.end() && loop_.now() - found->second < limits_.fresh;
}

}  // namespace stas
