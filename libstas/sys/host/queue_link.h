// SPDX-License-Identifier: Apache-2.0
//
// One queue between the user fabric and a controller, whatever carries it: TCP (tcp_link) or direct calls into a target
// of the same process (loop_link). The link collects; its owner is told by `changed`, on the loop's thread and never
// from inside a call of the owner, and then looks. The owner may destroy the link from inside `changed`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/nvme_tcp/queue.h"

namespace stas {

class QueueLink {
 public:
  using Changed = std::function<void()>;

  virtual ~QueueLink() = default;
  // Commands may be submitted.
  virtual bool is_open() const = 0;
  // Once set the link is dead.
  virtual const std::optional<Error>& error() const = 0;
  virtual void submit(nvme_tcp::Token token, nvme_tcp::Command command) = 0;
  // Sends what was submitted; one call for many commands.
  virtual void flush() = 0;
  virtual std::vector<nvme_tcp::Completed> take_completions() = 0;
  virtual Instant deadline() const = 0;
  virtual void advance(Instant now) = 0;
  // For src_addr; "" where there is none.
  virtual std::string source_address() const = 0;
};

}  // namespace stas
