// SPDX-License-Identifier: Apache-2.0
//
// The file in the runtime directory that a daemon finds again after a restart.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "libstas/core/base/backoff.h"
#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/sys/os/journal.h"
#include "libstas/sys/os/loop.h"

namespace stas {

// Where the last known configuration of `program` is.
std::string last_known_path(std::string_view program);
// The saved text, "" if there is none or it cannot be read (logged). An error is a shortage of ours: the text is there.
Result<std::string> read_last_known(const std::string& path, const Journal& journal);
// Removes what nvme-stas 2.4.1 kept for `program` (contract 1.3): secrets for everybody to read. Once a start has
// succeeded: until then somebody may want to go back.
void remove_pickle(std::string_view program, const Journal& journal);

// The file of the last known configuration. What changes is written soon, but not more than twice a second: making and
// writing the text costs more the more there is. What could not be written (a full /run) is written later, whether more
// changes or not. Logs the first failure of a series.
class StateFile {
 public:
  static constexpr Duration kSoon = std::chrono::milliseconds(100);
  static constexpr Duration kSeldom = std::chrono::milliseconds(500);
  static constexpr BackoffPolicy kAgain{std::chrono::seconds(1), std::chrono::seconds(60), 0.1};  // after a failure

  StateFile(Loop& loop, std::string path, const Journal& journal, std::function<std::string()> text);
  const std::string& path() const { return path_; }
  void changed();
  void save();   // now
  void flush();  // what is waiting: for the end of the process

 private:
  Loop& loop_;
  std::string path_;
  const Journal& journal_;
  std::function<std::string()> text_;
  TimerSource timer_;
  bool waiting_ = false;
  Instant not_before_{};
  Backoff backoff_{kAgain};
  bool failed_ = false;
};

}  // namespace stas
