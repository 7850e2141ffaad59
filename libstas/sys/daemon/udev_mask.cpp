// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/udev_mask.h"

#include "libstas/sys/bus/systemd_manager.h"

namespace stas {

namespace {

constexpr Duration kUdevdTimeout = std::chrono::seconds(5);
const std::string kUdevdUnit = "systemd-udevd.service";

}  // namespace

UdevMask::~UdevMask() {
  if (applied_) remove();
}

void UdevMask::apply(bool wanted, Bus& bus) {
  applied_ = true;
  const bool before = udev_override_in_force(paths_);
  wanted ? install() : remove();
  if (before == udev_override_in_force(paths_)) return;
  // udevd looks for changed rules every few seconds; in between it would connect by those of before.
  udevd_call_ = bus.call_async(
      systemd_manager(), "ReloadUnit", {kUdevdUnit, std::string("replace")}, BusType::none, kUdevdTimeout,
      [this](const Result<BusValue>& answer) {
        if (!answer)
          journal_.debug("udevd will notice the changed rules by itself, within seconds: " + answer.error().text);
      });
}

void UdevMask::install() {
  const auto outcome = install_udev_override(paths_);
  if (!outcome)
    journal_.error("nvme-cli's udev rules stay active on TCP: " + outcome.error().text);
  else if (*outcome == UdevOverride::left_alone)
    journal_.info("udev-rule=disabled has no effect: the administrator's own " + std::string(kUdevRulesName) +
                  " decides");
}

void UdevMask::remove() {
  if (const auto removed = remove_udev_override(paths_); !removed) journal_.error(removed.error().text);
}

}  // namespace stas
