// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/probe.h"

#include <cerrno>
#include <optional>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "libstas/sys/net/probe_socket.h"

namespace stas {

namespace {

constexpr std::size_t kMaxRemembered = 4096;

}  // namespace

// One portal being asked, or waiting to be.
struct Prober::Attempt {
  ProbeTarget target;
  std::vector<Callback> callbacks;
  UniqueFd fd;
  bool connected = false;
  std::string received;
  IoSource io;  // after fd: it must not outlive the descriptor
  TimerSource timer;

  // nullopt: go on waiting.
  std::optional<Result<void>> on_ready() {
    if (!connected) {
      if (auto result = probe_connect_result(fd.get(), target); !result) return result;
      connected = true;
      const auto request = icreq_pdu();
      // Fits into the empty buffer of a fresh socket, always.
      const ssize_t sent = send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
      if (sent != static_cast<ssize_t>(request.size())) return failed("ICReq", sent < 0 ? errno : EIO);
      io.set_events(EPOLLIN);
      return std::nullopt;
    }
    char buffer[kIcPduSize];
    const ssize_t got = recv(fd.get(), buffer, kIcPduSize - received.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    if (got < 0) return failed("ICResp", errno);
    received.append(buffer, static_cast<std::size_t>(got));
    if (got > 0 && received.size() < kIcPduSize) return std::nullopt;
    return judged();
  }

 private:
  Result<void> failed(const std::string& doing, int errnum) const {
    return tl::unexpected<Error>(probe_error(target, doing, errnum));
  }
  Result<void> judged() const {
    auto result = check_icresp(received);
    if (!result) result.error().text = target.to_string() + ": the peer " + result.error().text;
    return result;
  }
};

Prober::Prober(Loop& loop, ProbeLimits limits) : loop_(loop), limits_(limits) {}
Prober::~Prober() = default;

void Prober::probe(const ProbeTarget& target, Callback callback) {
  auto& attempt = attempts_[target];
  if (!attempt) {
    attempt = std::make_unique<Attempt>();
    attempt->target = target;
    waiting_.push_back(target);
  }
  attempt->callbacks.push_back(std::move(callback));
  if (pump_armed_) return;
  pump_armed_ = true;
  pump_later_ = loop_.defer([this] {
    pump_armed_ = false;
    pump();
  });
}

void Prober::pump() {
  while (!waiting_.empty() && running_.size() < limits_.parallel) {
    const ProbeTarget target = waiting_.front();
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
  const ProbeTarget target = attempt.target;
  auto fd = begin_probe_connect(target);
  if (!fd) return finish(target, tl::unexpected<Error>(fd.error()));
  attempt.fd = std::move(*fd);
  attempt.io = loop_.watch(attempt.fd.get(), EPOLLOUT, [this, &attempt](std::uint32_t) {
    const ProbeTarget asked = attempt.target;
    auto result = attempt.on_ready();
    if (!result) return;
    if (*result) remember(asked);
    finish(asked, std::move(*result));
    pump();
  });
  attempt.timer = loop_.timer([this, &attempt] {
    const char* silent = attempt.connected ? " accepts TCP connections, but does not answer ICReq"
                                           : " does not answer: no reply to TCP connect (silent or filtered)";
    const ProbeTarget asked = attempt.target;
    finish(asked, fail(ErrorKind::timed_out, asked.to_string() + silent, ETIMEDOUT));
    pump();
  });
  attempt.timer.arm_after(limits_.deadline);
}

void Prober::finish(const ProbeTarget& target, Result<void> result) {
  const auto node = attempts_.extract(target);
  running_.erase(target);
  if (node.empty()) return;
  const auto callbacks = std::move(node.mapped()->callbacks);
  for (const auto& callback : callbacks) callback(result);
}

void Prober::remember(const ProbeTarget& target) {
  if (answered_.size() >= kMaxRemembered) {
    std::erase_if(answered_, [this](const auto& item) { return !is_fresh(item.first); });
    if (answered_.size() >= kMaxRemembered) answered_.clear();
  }
  answered_[target] = loop_.now();
}

bool Prober::is_fresh(const ProbeTarget& target) const {
  const auto found = answered_.find(target);
  return found != answered_.end() && loop_.now() - found->second < limits_.fresh;
}

}  // namespace stas
