// SPDX-License-Identifier: Apache-2.0
//
// Hands a discovery controller over to nvme-cli, by restarting a unit of it through systemd. Only while our override
// (udev_rules.h) keeps nvme-cli's udev rules from doing the same. Asynchronous; no process and no shell is started.
#pragma once

#include <map>
#include <string>

#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/udev_rules.h"
#include "libstas/sys/os/journal.h"

namespace stas {

class NvmeCli {
 public:
  NvmeCli(Bus& bus, const Journal& journal, UdevPaths paths = {})
      : bus_(bus), journal_(journal), paths_(std::move(paths)) {}

  // `unit` restarts for the controller `device`; whatever comes of it is only logged.
  void restart(const std::string& device, const std::string& unit);

 private:
  void answered(const std::string& device, const Result<BusValue>& answer);

  Bus& bus_;
  const Journal& journal_;
  UdevPaths paths_;
  std::map<std::string, BusHandle> calls_;  // by device
  bool failed_ = false;                     // told
};

}  // namespace stas
