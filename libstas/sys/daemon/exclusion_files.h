// SPDX-License-Identifier: Apache-2.0
//
// The host-wide exclusion list of nvme-cli 3 from its files: /etc/nvme/exclusions.conf and exclusions.conf.d/*.conf.
// Read at start, and again when one of them changes (inotify), as an edit is to count at the next connect; beside the
// loop, because their disk may hang. A file that cannot be read is no information: what it said before stays.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libstas/core/config/host_exclusion.h"
#include "libstas/sys/os/journal.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/one_job.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

class ExclusionFiles {
 public:
  using Sink = std::function<void(std::shared_ptr<const HostExclusions>)>;

  static constexpr std::size_t kMaxFiles = 256;                       // in exclusions.conf.d
  static constexpr Duration kGather = std::chrono::milliseconds(50);  // events of one edit come together
  static constexpr const char* kDirectory = "/etc/nvme";

  // `sink` is called from the loop whenever the list is another one.
  ExclusionFiles(Loop& loop, const Journal& journal, Sink sink, std::string directory = kDirectory);
  ExclusionFiles(const ExclusionFiles&) = delete;
  ExclusionFiles& operator=(const ExclusionFiles&) = delete;

  // The first time here and now: nothing is to be connected before.
  void start();
  // In a while, beside the loop.
  void read_again();
  // For a plan without a daemon: what start() would tell. nullptr: nothing.
  static std::shared_ptr<const HostExclusions> read_once(const std::string& directory = kDirectory);

 private:
  using ByFile = std::map<std::string, HostExclusions>;
  struct Read {
    ByFile entries;
    std::vector<Complaint> complaints;
  };
  static std::shared_ptr<const HostExclusions> list_of(const ByFile& entries);
  static Read read(const std::string& directory, int watch, const ByFile& before);
  void on_event();
  void begin();
  void take(const Read& read);

  const Journal& journal_;
  Sink sink_;
  const std::string directory_;
  std::shared_ptr<UniqueFd> inotify_;  // with the job, which may outlive this
  ByFile entries_;
  std::vector<Complaint> told_;
  bool again_ = false;
  OneJob job_;
  TimerSource gather_;
  IoSource events_;
  Loop& loop_;
};

}  // namespace stas
