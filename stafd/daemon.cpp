// SPDX-License-Identifier: Apache-2.0
#include "stafd/daemon.h"

#include <utility>

#include "stafd/gauges.h"

namespace stas::stafd {

Daemon::Daemon(Loop& loop, DaemonOptions options)
    : shell_(loop, std::move(options), ControllerKind::discovery,
             port_of<StafdConfigured>(finder_, parse_known_stafd, kConfParser),
             {[this](Bus& bus, Published done) { publish(bus, std::move(done)); }, [this] { configured(); },
              [this](const Action& action) { carry_out(action); }, [] {},
              [this](std::string& out) { print_gauges(finder_, out); }, [this] { service_->changed(); },
              [this] { return status_line(finder_); }}),
      mdns_(
          loop, [this](MdnsChanged view) { shell_.handle(std::move(view)); },
          [this](Level level, const std::string& text) { shell_.journal().log(level, text); }) {}

void Daemon::publish(Bus& bus, Published done) {
  if (shell_.options().fabric == FabricKind::kernel) nvme_cli_ = std::make_unique<NvmeCli>(bus, shell_.journal());
  service_ = std::make_unique<BusService>(bus, shell_, finder_, mdns_);
  service_->publish(std::move(done));
}

void Daemon::configured() {
  mdns_.enable(finder_.config()->zeroconf);
  service_->tron_changed();
}

void Daemon::carry_out(const Action& action) {
  if (const auto* changed = std::get_if<NotifyLogPagesChanged>(&action))
    return service_->log_pages_changed(changed->tid, changed->device);
  if (std::holds_alternative<NotifyDcRemoved>(action)) return service_->dc_removed();
  if (std::holds_alternative<NotifySettled>(action)) return service_->settled_changed();
  if (const auto* leave = std::get_if<LeaveToNvmeCli>(&action); leave != nullptr && nvme_cli_)
    nvme_cli_->restart(leave->device, leave->unit);
}

}  // namespace stas::stafd
