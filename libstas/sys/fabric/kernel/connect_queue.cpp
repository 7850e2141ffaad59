// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/connect_queue.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "libstas/sys/fabric/kernel/connect_string.h"

namespace stas {

namespace {

constexpr WorkerLimits kOneWriter = {.threads = 1, .per_key = 1, .queued = 16};
constexpr std::size_t kMaxResting = 4096;

// What to ask before the write; nullopt for transports that have no cheap question.
std::optional<TcpEndpoint> probe_target(const Connect& connect) {
  if (connect.tid.transport() != Transport::tcp) return std::nullopt;
  auto endpoint = tcp_endpoint_of(connect.tid);
  if (!endpoint) return std::nullopt;
  endpoint->tls = wants_tls(connect.options);
  return *std::move(endpoint);
}

// What the kernel could misread or would wait for in vain stops here, before a packet is sent on its behalf
// (regressions 35).
std::optional<Error> objection(const Connect& connect) {
  if (auto text = connect_string(connect, SupportedOptions::everything()); !text) return text.error();
  if (connect.tid.transport() != Transport::tcp) return std::nullopt;
  const auto endpoint = tcp_endpoint_of(connect.tid);
  return endpoint ? std::nullopt : std::optional(endpoint.error());
}

Error cannot_connect(const Connect& connect, ErrorKind kind, const char* why) {
  return Error{kind, 0, connect.tid.to_string() + ": cannot connect: " + why};
}

Error held_back(const Connect& connect) {
  return cannot_connect(connect, ErrorKind::busy,
                        "an attempt there held up all connects of this machine; it is tried again later");
}

Error called_off(const Connect& connect) { return cannot_connect(connect, ErrorKind::cancelled, "the daemon stops"); }

// Rests that are over go first. When even that is not enough all go, and some controllers are tried too early.
template <class Book>
void make_room(Book& resting, Instant now) {
  if (resting.size() >= kMaxResting)
    std::erase_if(resting, [now](const auto& item) { return item.second.until <= now; });
  if (resting.size() >= kMaxResting) resting.clear();
}

}  // namespace

ConnectQueue::ConnectQueue(Loop& loop, OpTable& ops, ConnectLimits limits, Write write, Done done)
    : loop_(loop),
      ops_(ops),
      limits_(limits),
      write_(std::move(write)),
      done_(std::move(done)),
      prober_(loop, limits.probe),
      races_(loop, prober_),
      worker_(loop, kOneWriter) {}

ConnectQueue::~ConnectQueue() { worker_.stop(Duration::zero()); }

void ConnectQueue::submit(Connect connect) {
  const OpId op = connect.op;
  ops_.begin(op, limits_.queue, cannot_connect(connect, ErrorKind::busy, "other connects keep the kernel busy"));
  if (auto error = objection(connect)) return ops_.finish_later(op, std::move(*error));
  if (stopped_) return ops_.finish_later(op, called_off(connect));
  if (auto error = rests(connect)) return ops_.finish_later(op, std::move(*error));
  unwritten_.insert(op);
  probe(std::move(connect), false);
}

void ConnectQueue::stop() {
  stopped_ = true;
  configured_.clear();
  others_.clear();
  races_.stop();
  for (const OpId op : std::exchange(unwritten_, {})) {
    ops_.finish_later(op, Error{ErrorKind::cancelled, 0, "cannot connect: the daemon stops"});
  }
}

std::optional<Error> ConnectQueue::rests(const Connect& connect) const {
  const Instant now = loop_.now();
  const auto own = resting_.find(connect.tid);
  if (own != resting_.end()) {
    // With another key or other options it may well be answered.
    if (own->second.options != connect.options || own->second.host != connect.host) return std::nullopt;
    if (now < own->second.until) return held_back(connect);
  }
  const auto target = probe_target(connect);
  const auto portal = target ? resting_portals_.find(*target) : resting_portals_.end();
  if (portal == resting_portals_.end() || now >= portal->second.until) return std::nullopt;
  return held_back(connect);
}

ConnectQueue::Line& ConnectQueue::line_of(const Connect& connect) {
  return connect.reason == Reason::configured ? configured_ : others_;
}

void ConnectQueue::probe(Connect connect, bool again) {
  const auto target = probe_target(connect);
  if (!target) {
    line_of(connect).push_back(std::move(connect));
    return pump();
  }
  if (!again && !connect.others.empty())
    return races_.begin(std::move(connect), *target, [this](const Connect& order, std::optional<OpResult> answer) {
      if (answer) {
        unwritten_.erase(order.op);
        ops_.finish(order.op, std::move(*answer));
      } else {
        line_of(order).push_back(order);
      }
      pump();
    });
  prober_.probe(*target, [this, again, order = std::move(connect)](Result<void> answer) {
    if (again) --reprobing_;
    if (stopped_) return;
    if (!answer) {
      unwritten_.erase(order.op);
      Error error = answer.error();
      error.text = order.tid.to_string() + ": " + error.text;
      done_(order, tl::unexpected(std::move(error)));
    } else if (again) {
      line_of(order).push_front(order);
    } else {
      line_of(order).push_back(order);
    }
    pump();
  });
}

std::optional<Connect> ConnectQueue::take_next() {
  const bool others_turn = configured_.empty() || (in_a_row_ >= kConfiguredInARow && !others_.empty());
  Line& line = others_turn ? others_ : configured_;
  if (line.empty()) return std::nullopt;
  in_a_row_ = others_turn ? 0 : in_a_row_ + 1;
  Connect next = std::move(line.front());
  line.pop_front();
  return next;
}

void ConnectQueue::pump() {
  while (!writing_ && reprobing_ < kReprobes) {
    auto next = take_next();
    if (!next) return;
    if (!ops_.is_pending(next->op)) {
      unwritten_.erase(next->op);
      continue;
    }
    if (auto error = rests(*next)) {  // another attempt failed while this one stood in line
      unwritten_.erase(next->op);
      ops_.finish_later(next->op, std::move(*error));
      continue;
    }
    const auto target = probe_target(*next);
    if (target && !prober_.is_fresh(*target)) {
      // It has waited so long that the answer to its probe may no longer hold.
      ++reprobing_;
      probe(std::move(*next), true);
    } else {
      write(std::move(*next));
    }
  }
}

void ConnectQueue::write(Connect connect) {
  const OpId op = connect.op;
  unwritten_.erase(op);
  const Error late = cannot_connect(connect, ErrorKind::timed_out, "the kernel did not finish the connect in time");
  ops_.extend(op, limits_.write, late);
  writing_ = true;
  const bool taken = worker_.submit("fabrics", [this, write_now = write_, order = std::move(connect)] {
    // `this` is only used by the completion, which does not run once the worker was stopped.
    const auto begun = std::chrono::steady_clock::now();
    auto result = write_now(order);
    const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
    return Worker::Completion([this, order, took, result = std::move(result)]() mutable {
      writing_ = false;
      written(order, took, !result);
      done_(order, std::move(result));
      pump();
    });
  });
  if (taken) return;
  writing_ = false;
  ops_.finish_later(op, Error{ErrorKind::busy, 0, "cannot connect: no thread for the write"});
}

// Other controllers behind the same portal may be fine: the first one that connects ends the rest of the portal.
void ConnectQueue::written(const Connect& connect, Duration took, bool failed) {
  const auto target = probe_target(connect);
  if (!failed) {
    resting_.erase(connect.tid);
    if (target) resting_portals_.erase(*target);
  } else if (took > limits_.patience) {
    const Instant now = loop_.now();
    make_room(resting_, now);
    make_room(resting_portals_, now);
    const Duration rest = std::min(limits_.longest_rest, took * limits_.rest_factor);
    resting_[connect.tid] = Rest{now + rest, connect.options, connect.host};
    if (target) resting_portals_[*target].until = now + std::min(limits_.longest_rest, took);
  }
}

}  // namespace stas
