// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/nvme_cli.h"

#include <utility>

#include "libstas/sys/bus/systemd_manager.h"

namespace stas {

namespace {
constexpr Duration kAnswerTimeout = std::chrono::seconds(25);
}

void NvmeCli::restart(const std::string& device, const std::string& unit) {
  if (!udev_override_in_force(paths_)) return;  // nvme-cli's rule does it, or the administrator wants nobody to
  calls_[device] = bus_.call_async(systemd_manager(), "RestartUnit", {unit, std::string("replace")}, BusType::none,
                                   kAnswerTimeout, [this, device](const Result<BusValue>& answer) {
                                     answered(std::string(device), answer);  // a copy: the handle owns this lambda
                                   });
}

void NvmeCli::answered(const std::string& device, const Result<BusValue>& answer) {
  const auto say = [&](Level level, const std::string& text) {
    journal_.log(level, device + " - " + text, {{"STAS_DEVICE", device}});
  };
  const bool failed_before = std::exchange(failed_, !answer);
  if (answer)
    say(Level::info, "Not a controller of stafd: left its changed log page to nvme-cli");
  else
    say(failed_before ? Level::debug : Level::warning,
        "Cannot leave its changed log page to nvme-cli: " + answer.error().text);
  calls_.erase(device);
}

}  // namespace stas
