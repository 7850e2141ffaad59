// SPDX-License-Identifier: Apache-2.0
#include "stacd/daemon.h"

#include <utility>

#include "stacd/gauges.h"

namespace stas::stacd {

Daemon::Daemon(Loop& loop, DaemonOptions options)
    : shell_(loop, std::move(options), ControllerKind::io,
             port_of<StacdConfigured>(connector_, parse_known_stacd, kConfParser),
             {[this](Bus& bus, Published done) { publish(bus, std::move(done)); }, [this] { configured(); },
              [this](const Action& action) {
                if (std::holds_alternative<FetchStafPages>(action)) staf_->fetch();
              },
              [this] { mask_udev_rules(false); }, [this](std::string& out) { print_gauges(connector_, out); },
              [this] { service_->changed(); }, [this] { return status_line(connector_); }}),
      udev_mask_(loop, shell_.journal()) {}

void Daemon::publish(Bus& bus, Published done) {
  staf_ = std::make_unique<StafClient>(bus, shell_.journal(), [this](Event event) { shell_.handle(std::move(event)); });
  service_ = std::make_unique<BusService>(bus, shell_, connector_);
  service_->publish(std::move(done));
}

void Daemon::configured() {
  mask_udev_rules(!connector_.config()->udev_rule);
  service_->tron_changed();
}

// udev-rule= of stacd.conf(5): who connects on TCP, we or nvme-cli's udev rules.
void Daemon::mask_udev_rules(bool masked) {
  if (shell_.options().fabric == FabricKind::kernel) udev_mask_.apply(masked, *shell_.bus());
}

}  // namespace stas::stacd
