// SPDX-License-Identifier: Apache-2.0
//
// Transport "loop": a target linked into the same process is reached by direct calls, command by command, without PDUs.
// The product has no target; who has one (tests, an embedding program) gives it to the user fabric as LoopTargets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/sys/host/queue_link.h"
#include "libstas/sys/os/loop.h"

namespace stas {

// One queue of such a target. Both callbacks run on the loop's thread, also from inside submit(), and never after the
// queue is destroyed.
class LoopQueue {
 public:
  // `cqe`: 16 bytes with the command id of the command. `data`: what the controller returned, up to read_length bytes.
  using Done = std::function<void(std::string_view cqe, std::string data)>;
  virtual ~LoopQueue() = default;
  virtual void submit(std::string_view sqe, std::string data_out, std::uint32_t read_length, Done done) = 0;
};

class LoopTargets {
 public:
  virtual ~LoopTargets() = default;
  // `closed`: the target has ended the queue.
  virtual Result<std::unique_ptr<LoopQueue>> open(const std::string& traddr, std::function<void()> closed) = 0;
};

class LoopLink final : public QueueLink {
 public:
  LoopLink(Loop& loop, LoopTargets& targets, const std::string& traddr, Changed changed);

  bool is_open() const override { return queue_ != nullptr && !error_; }
  const std::optional<Error>& error() const override { return error_; }
  void submit(nvme_tcp::Token token, nvme_tcp::Command command) override;
  void flush() override {}
  std::vector<nvme_tcp::Completed> take_completions() override;
  Instant deadline() const override { return kNever; }
  void advance(Instant) override {}
  std::string source_address() const override { return {}; }

 private:
  void complete(nvme_tcp::Token token, std::uint32_t read_length, std::string_view cqe, std::string data);

  std::optional<Error> error_;
  std::vector<nvme_tcp::Completed> completions_;
  std::uint16_t next_cid_ = 0;
  OnceSource wake_;                   // calls `changed`, which may destroy this link
  std::unique_ptr<LoopQueue> queue_;  // last: destroyed first, and with it its callbacks
};

}  // namespace stas
