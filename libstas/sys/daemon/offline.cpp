// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/offline.h"

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "libstas/sys/daemon/boot_table.h"
#include "libstas/sys/daemon/exclusion_files.h"
#include "libstas/sys/daemon/host_file.h"
#include "libstas/sys/daemon/state_file.h"
#include "libstas/sys/fabric/kernel/registry.h"
#include "libstas/sys/fabric/kernel/sysfs.h"
#include "libstas/sys/net/interfaces.h"
#include "libstas/sys/os/files.h"

namespace stas {

namespace {

constexpr Instant kPlannedAt{std::chrono::hours(1)};  // in simulated time; a plan says what is so long after it

// Unlike a start, which begins anew without it: a plan without it would be wrong.
Result<std::string> saved_state(const std::string& path) {
  auto text = read_regular_file(path, kMaxLastKnownBytes);
  if (!text && text.error().errnum == ENOENT) return std::string();
  return text;
}

Result<std::vector<Event>> what_this_host_shows(const DaemonOptions& options, ControllerKind interest) {
  auto interfaces = read_interfaces();
  if (!interfaces) return tl::unexpected(interfaces.error());
  DevicesScanned scanned;  // the connections of the user fabric end with its process
  if (options.fabric == FabricKind::kernel) {
    const KernelPaths paths;
    auto devices = scan_devices(paths, interest);
    if (!devices) return tl::unexpected(devices.error());
    Owners owners(paths);
    std::string unclear;  // somebody's
    for (Device& device : *devices) device.owner = owners.owner_of(device.ref, unclear);
    scanned.devices = *std::move(devices);
  }
  std::vector<Event> facts;
  facts.emplace_back(InterfacesSeen{*std::move(interfaces)});
  facts.emplace_back(std::move(scanned));
  return facts;
}

}  // namespace

Result<Json> plan_offline(const DaemonOptions& options, const BrainPort& port, ControllerKind interest,
                          const Journal& journal, const RehearseStart& rehearse) {
  const std::string path = last_known_path(options.program);
  const auto saved = saved_state(path);
  if (!saved) return tl::unexpected(saved.error());
  std::vector<Complaint> complaints;
  const auto known_host = port.restore(*saved, path, complaints);
  log_complaints(complaints, journal);
  port.handle(HostExclusionsRead{ExclusionFiles::read_once()}, kPlannedAt);
  auto host = HostFile(options.sys_conf, journal).at_start(known_host);
  if (!host) return tl::unexpected(host.error());
  auto news =
      port.read_config(*options.plan, read_conf(*options.plan), *std::move(host), BootTable(journal).entries(interest));
  std::vector<std::string> texts;
  for (const Complaint& complaint : news.complaints) texts.push_back(labelled(complaint));
  if (!news.understood) return plan_answer(*options.plan, texts, std::nullopt);
  auto facts = what_this_host_shows(options, interest);
  if (!facts) return tl::unexpected(facts.error());
  OfflineStart start{std::move(news.event), *std::move(facts), kPlannedAt};
  const auto plan = rehearse(start);
  if (!plan) return tl::unexpected(plan.error());
  return plan_answer(*options.plan, texts, to_json(*plan, start.now));
}

}  // namespace stas
