// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/udev_mask.h"

#include "libstas/sys/bus/systemd_manager.h"

namespace stas {

namespace {

constexpr Duration kUdevdTimeout = std::chrono::seconds(5);
const std::string kUdevdUnit = "systemd-udevd.service";

}  // namespace

UdevMask::~UdevMask() {
  if (bus_ != nullptr) remove();
}

void UdevMask::apply(bool wanted, Bus& bus) {
  wanted_ = wanted;
  bus_ = &bus;
  backoff_.reset();
  settle();
}

void UdevMask::settle() {
  const bool before = udev_override_in_force(paths_);
  if (wanted_ ? install() : remove()) {
    backoff_.reset();
    again_.disarm();
  } else {
    again_.arm_after(backoff_.fail());
  }
  if (before == udev_override_in_force(paths_)) return;
  // udevd looks for changed rules every few seconds; in between it would connect by those of before.
  udevd_call_ = bus_->call_async(
      systemd_manager(), "ReloadUnit", {kUdevdUnit, std::string("replace")}, BusType::none, kUdevdTimeout,
      [this](const Result<BusValue>& answer) {
        if (!answer)
          journal_.debug("udevd will notice the changed rules by itself, within seconds: " + answer.error().text);
      });
}

bool UdevMask::install() {
  const auto outcome = install_udev_override(paths_);
  if (!outcome) {
    failed("nvme-cli's udev rules stay active on TCP: " + outcome.error().text);
    return false;
  }
  if (*outcome == UdevOverride::left_alone)
    journal_.info("udev-rule=disabled has no effect: the administrator's own " + std::string(kUdevRulesName) +
                  " decides");
  else if (backoff_.failures() > 0)
    journal_.info("nvme-cli's udev rules are not active on TCP any more");
  return true;
}

bool UdevMask::remove() {
  const auto removed = remove_udev_override(paths_);
  if (!removed) failed(removed.error().text);
  return removed.has_value();
}

void UdevMask::failed(const std::string& text) {
  backoff_.failures() == 0 ? journal_.error(text) : journal_.debug(text);
}

}  // namespace stas
