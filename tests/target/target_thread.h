// SPDX-License-Identifier: Apache-2.0
//
// A target in a thread of its own, for tests that drive a host in theirs. Everything that touches the target goes
// through run(), which executes it on that thread and waits.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/target/target.h"

namespace stas::target {

class TargetThread {
 public:
  /// Starts from the JSON text of a configuration.
  static Result<std::unique_ptr<TargetThread>> start(std::string_view config);
  /// Stops the thread and closes everything.
  ~TargetThread();
  TargetThread(const TargetThread&) = delete;
  TargetThread& operator=(const TargetThread&) = delete;

  void run(const std::function<void(Target&)>& work);
  /// One method of the control interface: the JSON text of its result, or its error message.
  Result<std::string> call(std::string_view method, std::string_view params = "{}");
  /// Real port of a TCP listener.
  std::string port(std::uint16_t listener = 1);

 private:
  explicit TargetThread(std::unique_ptr<Target> target);
  void loop();

  std::unique_ptr<Target> target_;
  UniqueFd wake_;
  std::mutex mutex_;
  std::vector<std::function<void(Target&)>> work_;  // guarded by mutex_
  bool stop_ = false;                               // guarded by mutex_
  std::thread thread_;
};

}  // namespace stas::target
