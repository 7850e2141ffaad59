// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/session.h"

#include <algorithm>
#include <utility>

namespace stas::nvme_tcp {

namespace {

std::string seconds_text(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

void Session::start(Instant now) {
  phase_ = Phase::starting;
  end_ = now + config_.timeouts.bring_up;
  open_until_ = now + config_.timeouts.exchange;
  orders_.emplace_back(OpenQueue{0});
}

void Session::queue_opened(std::uint16_t qid, Instant now) {
  if (phase_ != Phase::starting) return;
  if (qid == 0) {
    open_until_ = kNever;
    return send_connect(0, now);
  }
  // As Linux does: all queues are open before the first I/O Connect, so no association stays half made for long.
  if (++io_opened_ < io_queues_) return;
  open_until_ = kNever;
  send_connect(1, now);
}

void Session::queue_failed(const Error& error) { close(error); }

void Session::completed(Completed done, Instant now) {
  auto node = pending_.extract(done.token);
  if (node.empty() || phase_ == Phase::closed) return;
  const auto& pending = node.mapped();
  const auto& info = info_of(pending.step);
  if (!done.completion.ok() && !info.may_be_refused) return close(status_error(pending.what, done.completion));
  (this->*info.handler)(pending, done.completion, now);
}

void Session::request(std::uint64_t request, std::string what, Command command, Instant now) {
  const auto open = std::count_if(pending_.begin(), pending_.end(),
                                  [](const auto& item) { return item.second.step == Step::request; });
  if (phase_ != Phase::live) {
    events_.emplace_back(Answered{request, fail(ErrorKind::closed, what + ": the controller is not live")});
    return;
  }
  if (static_cast<std::size_t>(open) >= kMaxRequests) {
    events_.emplace_back(Answered{request, fail(ErrorKind::busy, what + ": too many requests are waiting")});
    return;
  }
  const auto token = next_token_++;
  pending_.emplace(
      token, Pending{Step::request, now + config_.timeouts.exchange, request, command.read_length, std::move(what)});
  orders_.emplace_back(Submit{0, token, std::move(command)});
}

void Session::shutdown(Instant now) {
  if (phase_ == Phase::stopping || phase_ == Phase::closed) return;
  if (phase_ != Phase::live) return close(std::nullopt);
  phase_ = Phase::stopping;
  end_ = now + config_.timeouts.shutdown;
  keep_alive_at_ = aer_at_ = kNever;
  for (const auto& [token, pending] : pending_) {
    if (pending.step != Step::request) continue;
    events_.emplace_back(
        Answered{pending.request, fail(ErrorKind::cancelled, pending.what + ": the controller is being disconnected")});
  }
  pending_.clear();
  send(Step::shutdown, property_set(Property::cc, cc_ | kCcShutdownNormal), end_);
}

void Session::fail_with(ErrorKind kind, std::string text) { close(Error{kind, 0, std::move(text)}); }

void Session::close(std::optional<Error> error) {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::stopping) error.reset();  // it was asked to end
  phase_ = Phase::closed;
  open_until_ = end_ = ready_until_ = poll_at_ = keep_alive_at_ = aer_at_ = kNever;
  orders_.clear();
  for (const auto& [token, pending] : std::exchange(pending_, {})) {
    if (pending.step != Step::request) continue;
    auto reason = error.value_or(Error{ErrorKind::cancelled, 0, "the controller is being disconnected"});
    reason.text = pending.what + ": " + reason.text;
    events_.emplace_back(Answered{pending.request, tl::unexpected(std::move(reason))});
  }
  events_.emplace_back(Closed{std::move(error)});
}

void Session::advance(Instant now) {
  if (phase_ == Phase::idle || phase_ == Phase::closed) return;
  if (now >= open_until_) {
    return fail_with(ErrorKind::timed_out,
                     "no NVMe/TCP connection within " + seconds_text(config_.timeouts.exchange) + " (no ICResp)");
  }
  const auto late =
      std::find_if(pending_.begin(), pending_.end(), [now](const auto& item) { return now >= item.second.deadline; });
  if (late != pending_.end()) {
    const auto& pending = late->second;
    const auto waited = pending.step == Step::keep_alive ? config_.kato : config_.timeouts.exchange;
    return fail_with(ErrorKind::timed_out, "no answer to " + pending.what + " within " + seconds_text(waited));
  }
  if (now >= end_) {
    return fail_with(ErrorKind::timed_out, "not live within " + seconds_text(config_.timeouts.bring_up));
  }
  if (now >= poll_at_) {
    poll_at_ = kNever;
    exchange(phase_ == Phase::stopping ? Step::shutdown_poll : Step::ready, property_get(Property::csts), now);
  }
  if (now >= keep_alive_at_) {
    keep_alive_at_ = kNever;
    send(Step::keep_alive, keep_alive(), now + config_.kato);
  }
  if (now >= aer_at_) {
    aer_at_ = kNever;
    request_event();
  }
}

Instant Session::deadline() const {
  auto earliest = std::min({open_until_, end_, poll_at_, keep_alive_at_, aer_at_});
  for (const auto& [token, pending] : pending_) earliest = std::min(earliest, pending.deadline);
  return earliest;
}

std::vector<Session::Order> Session::take_orders() { return std::exchange(orders_, {}); }

std::vector<Session::Event> Session::take_events() { return std::exchange(events_, {}); }

}  // namespace stas::nvme_tcp
