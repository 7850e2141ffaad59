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
#include "libstas/sys/os/one_job.h"

namespace stas {

// Where the last known configuration of `program` is.
std::string last_known_path(std::string_view program);
// The saved text, "" if there is none or it cannot be read (logged). An error is a shortage of ours: the text is there.
Result<std::string> read_last_known(const std::string& path, const Journal& journal);
// Removes what nvme-stas 2.4.1 kept for `program` (contract 1.3): secrets for everybody to read. Once a start has
// succeeded: until then somebody may want to go back.
void remove_pickle(std::string_view program, const Journal& journal);

// The file of the last known configuration, or another of its kind. What changes is written soon, but not more than
// twice a second and for a fifth of the time at most. What could not be written (a full /run) is written later, whether
// more changes or not. Logs the first failure of a series. Making the text of many log pages takes seconds, and a disk
// may take longer, so both happen on a thread of their own; the loop only takes the snapshot.
class StateFile {
 public:
  // Makes the text. Called on a thread, so it owns what it needs.
  using Text = std::function<std::string()>;

  static constexpr Duration kSoon = std::chrono::milliseconds(100);
  static constexpr Duration kSeldom = std::chrono::milliseconds(500);
  static constexpr Duration kAtLeast = std::chrono::seconds(30);  // after a disk that hung what is new waits no longer
  static constexpr BackoffPolicy kAgain{std::chrono::seconds(1), std::chrono::seconds(60), 0.1};  // after a failure
  // For the end of the process. The largest state takes a few seconds; a disk that hangs must not hang a shutdown.
  static constexpr Duration kFlushWait = std::chrono::seconds(20);

  // Until the next writing, after one that took so long.
  static Duration pause_after(Duration took);

  // All calls from the loop's thread, as those of `snapshot`.
  // `what`: it is called so in messages. `soon`: a change is written after so long, with what else has changed by then.
  StateFile(Loop& loop, std::string path, const Journal& journal, std::function<Text()> snapshot,
            std::string what = "last known config", Duration soon = kSoon);
  ~StateFile();  // waits for what is being written, at most kFlushWait; not where flush() has waited in vain
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  const std::string& path() const { return path_; }
  void changed();
  void save();  // now, without waiting for the end of it
  // For the end of the process: what is being written and what waits is written, and waited for at most so long each.
  // False: something is still being written.
  bool flush(Duration limit = kFlushWait);

 private:
  void begin();
  void finish(const Result<void>& written);
  bool wait(Duration limit);

  Loop& loop_;
  std::string path_;
  const Journal& journal_;
  std::function<Text()> snapshot_;
  const std::string what_;
  const Duration soon_;
  OneJob job_;
  TimerSource timer_;
  bool waiting_ = false;
  Instant began_{};
  Instant not_before_{};
  Backoff backoff_{kAgain};
  bool failed_ = false;
  bool given_up_ = false;
};

}  // namespace stas
