// SPDX-License-Identifier: Apache-2.0
//
// The `loop` transport: a host in the same process reaches a core by direct calls. One object is one queue. Time is an
// argument, so keep-alive and idle timeouts of hours pass in microseconds.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "tests/target/core/engine.h"

namespace stas::target {

class LoopQueue : public Port {
 public:
  struct Done {
    std::array<std::uint8_t, 16> cqe;
    Bytes data;
  };

  /// `listener` names a listener of the core's model, usually one of transport loop.
  LoopQueue(Engine& engine, std::uint16_t listener);
  ~LoopQueue() override;

  /// Executes a command. `data` is what the host sends with it; what it gets comes with the completion.
  void submit(const std::array<std::uint8_t, 64>& sqe, Bytes data, Instant now);
  /// The oldest completion not yet taken.
  std::optional<Done> take();
  /// The controller has ended the association.
  [[nodiscard]] bool is_closed() const { return closed_; }

  void complete(Completion completion) override;
  void close() override { closed_ = true; }

 private:
  Engine& engine_;
  Queue* queue_;
  std::deque<Done> done_;
  bool closed_ = false;
};

}  // namespace stas::target
