// SPDX-License-Identifier: Apache-2.0
#include "stacd/daemon.h"

#include <utility>

#include "libstas/sys/bus/systemd_manager.h"
#include "libstas/sys/daemon/udev_rules.h"

namespace stas::stacd {

namespace {

constexpr Duration kUdevdTimeout = std::chrono::seconds(5);
const std::string kUdevdUnit = "systemd-udevd.service";

}  // namespace

Daemon::Daemon(Loop& loop, DaemonOptions options)
    : shell_(loop, std::move(options), ControllerKind::io,
             port_of<StacdConfigured>(connector_, parse_known_stacd, kConfParser),
             {[this](Bus& bus, Published done) { publish(bus, std::move(done)); }, [this] { configured(); },
              [this](const Action& action) {
                if (std::holds_alternative<FetchStafPages>(action)) staf_->fetch();
              },
              [this] { apply_udev_rule(true); }}) {}

void Daemon::publish(Bus& bus, Published done) {
  staf_ = std::make_unique<StafClient>(bus, shell_.journal(), [this](Event event) { shell_.handle(std::move(event)); });
  service_ = std::make_unique<BusService>(bus, shell_, connector_);
  service_->publish(std::move(done));
}

void Daemon::configured() {
  apply_udev_rule(connector_.config()->udev_rule);
  service_->tron_changed();
}

// udev-rule= of stacd.conf(5): who connects on TCP, we or nvme-cli's udev rules.
void Daemon::apply_udev_rule(bool enabled) {
  if (shell_.options().fabric != FabricKind::kernel) return;
  const bool masked = udev_override_in_force({});
  if (enabled) {
    if (const auto removed = remove_udev_override({}); !removed) shell_.journal().error(removed.error().text);
  } else {
    mask_udev_rules();
  }
  udevd_is_late_ |= masked != udev_override_in_force({});
  tell_udevd();
}

void Daemon::mask_udev_rules() {
  const auto outcome = install_udev_override({});
  if (!outcome)
    shell_.journal().error("nvme-cli's udev rules stay active on TCP: " + outcome.error().text);
  else if (*outcome == UdevOverride::left_alone)
    shell_.journal().info("udev-rule=disabled has no effect: the administrator's own " + std::string(kUdevRulesName) +
                          " decides");
}

// udevd looks for changed rules every few seconds; in between it would connect by those of before.
void Daemon::tell_udevd() {
  if (shell_.bus() == nullptr || !std::exchange(udevd_is_late_, false)) return;
  udevd_call_ = shell_.bus()->call_async(
      systemd_manager(), "ReloadUnit", {kUdevdUnit, std::string("replace")}, BusType::none, kUdevdTimeout,
      [this](const Result<BusValue>& answer) {
        if (!answer)
          shell_.journal().debug("udevd will notice the changed rules by itself, within seconds: " +
                                 answer.error().text);
      });
}

}  // namespace stas::stacd
