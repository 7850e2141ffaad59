// SPDX-License-Identifier: Apache-2.0
//
// Direct calls into the core.
#include "tests/target/transport/loop_queue.h"

namespace stas::target {

LoopQueue::LoopQueue(Engine& engine, std::uint16_t listener)
    : engine_(engine),
      queue_(&engine.open_queue(*this, {.listener = listener, .transport = Transport::loop, .adrfam = 254})) {}

LoopQueue::~LoopQueue() { engine_.close_queue(*queue_); }

void LoopQueue::submit(const std::array<std::uint8_t, 64>& sqe, Bytes data, Instant now) {
  const Sqe command{sqe};
  if (closed_ || !engine_.admit(*queue_, command, now)) return;
  if (command.direction() == Direction::to_controller && data.size() < command.sgl_length()) {
    return engine_.refuse(*queue_, command, Reply::refuse(status::kSglLength));
  }
  engine_.execute(*queue_, command, std::move(data), now);
}

std::optional<LoopQueue::Done> LoopQueue::take() {
  if (done_.empty()) return std::nullopt;
  Done done = std::move(done_.front());
  done_.pop_front();
  return done;
}

void LoopQueue::complete(Completion completion) {
  if (closed_) return;
  if (completion.close) return close();
  done_.push_back({completion.cqe(), std::move(completion.reply.data)});
}

}  // namespace stas::target
