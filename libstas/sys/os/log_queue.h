// SPDX-License-Identifier: Apache-2.0
//
// Between those who have something to say and whoever keeps it: messages wait in a bounded queue for the one thread
// that writes them, in their order. journald may be waiting for a disk, a pipe may have no reader; nobody else waits
// for them (law 4). What finds no room is dropped and counted, and the number is told in its place.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libstas/core/base/time.h"

namespace stas {

struct LogMessage {
  std::string text;                 // for standard error
  std::vector<std::string> fields;  // for the journal, "NAME=value"; empty: not meant for it
};

class LogQueue {
 public:
  // What may wait. A burst has some thousand messages (a reload that finds each line wrong, a scan of as many
  // controllers); beyond that the first ones are those that explain.
  static constexpr std::size_t kMaxWaiting = std::size_t{1} << 20;  // bytes
  // Once something was dropped, nothing is taken before no more than this waits: a reader that is merely slow gets many
  // messages in a row and one number, instead of a number after each.
  static constexpr std::size_t kRoomAgain = kMaxWaiting / 2;
  // How long the end waits for what was not written yet. Short beside the 5 s a daemon takes for its stop.
  static constexpr Duration kFlushWait = std::chrono::seconds(1);

  // Called on the thread; may block, must not throw.
  using Write = std::function<void(const LogMessage&)>;
  // The message that says how many are missing.
  using Missing = std::function<LogMessage(std::size_t dropped)>;

  // Starts the thread; nullptr when there is none to be had.
  static std::unique_ptr<LogQueue> start(Write write, Missing missing);
  ~LogQueue();  // waits kFlushWait at most; a write that is stuck then is left behind
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  // From any thread. Never waits for a write.
  void push(LogMessage message);

 private:
  struct State;
  explicit LogQueue(std::shared_ptr<State> state);
  // Shared with the thread, which may have to be left behind.
  std::shared_ptr<State> state_;
};

}  // namespace stas
