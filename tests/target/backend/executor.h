// SPDX-License-Identifier: Apache-2.0
//
// Where a backend's blocking work is done. The core knows this interface only, so it stays free of threads: with
// InlineExecutor everything happens in the call, which is what the loop transport and virtual time want.
#pragma once

#include <functional>

namespace stas::target {

class Executor {
 public:
  using Work = std::function<void()>;

  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  /// Runs `work`, perhaps on another thread, and afterwards `then` on the thread of the core.
  virtual void post(Work work, Work then) = 0;
};

class InlineExecutor final : public Executor {
 public:
  void post(Work work, Work then) override {
    work();
    then();
  }
};

}  // namespace stas::target
