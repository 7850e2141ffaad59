// SPDX-License-Identifier: Apache-2.0
#include "stafd/gauges.h"

#include <cstdint>

#include "libstas/core/brain/tally.h"

namespace stas {

void print_gauges(const Finder& brain, std::string& out) {
  std::uint64_t desired = 0, live = 0, parked = 0, held = 0, failing = 0;
  for (const Dc& dc : brain.controllers()) {
    const bool wanted = dc.verdict.standing == DcStanding::wanted;
    if (wanted) ++desired;
    if (dc.verdict.standing == DcStanding::held) ++held;
    if (dc.works) ++live;
    if (dc.parked) ++parked;
    if (wanted && !dc.works && !dc.parked) ++failing;
  }
  const auto gauge = [&](const std::string& name, const std::string& help, std::uint64_t value) {
    print_help("stafd_controllers_" + name, "gauge", help, out);
    print_metric("stafd_controllers_" + name, "", value, out);
  };
  gauge("desired", "Discovery controllers that a source names.", desired);
  gauge("live", "Discovery controllers whose connection works.", live);
  gauge("parked", "Discovery controllers that take no persistent connections, and are read from time to time.", parked);
  gauge("held", "Discovery controllers that stay for lack of information.", held);
  gauge("failing", "Desired discovery controllers whose connection does not work.", failing);
  gauge("refused", "Discovery controllers that a source names and that must not be used.", brain.refused().size());
}

std::string status_line(const Finder& brain) {
  std::uint64_t desired = 0, good = 0, held = 0;
  for (const Dc& dc : brain.controllers()) {
    if (dc.verdict.standing == DcStanding::held) ++held;
    if (dc.verdict.standing != DcStanding::wanted) continue;
    ++desired;
    if (dc.works || dc.parked) ++good;
  }
  std::string line = std::to_string(good) + " of " + std::to_string(desired) + " discovery controllers connected";
  if (held != 0) line += ", " + std::to_string(held) + " held";
  return line;
}

}  // namespace stas
