// SPDX-License-Identifier: Apache-2.0
//
// metrics.prom in the runtime directory, for the textfile collector of node_exporter. Written on a thread, as a whole
// or not at all, when something has changed, at most every 10 seconds. One process writes it: a second one refuses.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/sys/os/journal.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/one_job.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

std::string metrics_path(std::string_view program);

class MetricsFile {
 public:
  static constexpr Duration kPeriod = std::chrono::seconds(10);

  // `text` is called from the loop.
  MetricsFile(Loop& loop, std::string path, const Journal& journal, std::function<std::string()> text);
  // Removes the file: what it says is not true any more.
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  // Takes the file for this process. Where that is not possible there are no metrics, and one line says so.
  void start();
  void changed();

 private:
  void write();
  void finish(const Result<void>& written);

  Loop& loop_;
  std::string path_;
  const Journal& journal_;
  std::function<std::string()> text_;
  OneJob job_;
  TimerSource timer_;
  UniqueFd lock_;  // held as long as the process writes
  std::string last_;
  bool waiting_ = false;
  bool failed_ = false;
  Instant not_before_{};
};

}  // namespace stas
