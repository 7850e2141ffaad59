// SPDX-License-Identifier: Apache-2.0
#include "stacd/gauges.h"

#include <cstdint>
#include <map>

#include "libstas/core/brain/tally.h"

namespace stas {

namespace {

struct Paths {
  std::uint64_t desired = 0, live = 0, held = 0, failing = 0;
};

using BySubsystem = std::map<std::string, Paths>;

void print_one(const char* name, const char* help, std::uint64_t Paths::*count, const BySubsystem& all,
               std::string& out) {
  print_help(name, "gauge", help, out);
  std::size_t room = kMaxGaugedSubsystems;
  for (const auto& [nqn, paths] : all) {
    if (room-- == 0) return;
    print_metric(name, "nqn=\"" + label_value(nqn) + "\"", paths.*count, out);
  }
}

// By subsystem; two names of one connection are one path.
BySubsystem paths_of(const Connector& brain) {
  BySubsystem all;
  for (const Row& row : brain.table().rows) {
    const bool wanted = row.standing == Standing::wanted;
    if (!wanted && row.standing != Standing::held) continue;
    const Ioc* ioc = brain.find(row.tid);
    if (ioc != nullptr && ioc->alias_of) continue;
    const bool works = ioc != nullptr && ioc->works;
    Paths& paths = all[row.tid.subsysnqn()];
    ++(wanted ? paths.desired : paths.held);
    if (works) ++paths.live;
    if (wanted && !works) ++paths.failing;
  }
  return all;
}

}  // namespace

std::string status_line(const Connector& brain) {
  Paths sum;
  const auto all = paths_of(brain);
  for (const auto& [nqn, paths] : all) {
    sum.desired += paths.desired;
    sum.failing += paths.failing;
    sum.held += paths.held;
  }
  std::string line = std::to_string(sum.desired - sum.failing) + " of " + std::to_string(sum.desired) +
                     " wanted paths live, " + std::to_string(all.size()) +
                     (all.size() == 1 ? " subsystem" : " subsystems");
  if (sum.held != 0) line += ", " + std::to_string(sum.held) + " held";
  return line;
}

void print_gauges(const Connector& brain, std::string& out) {
  const auto all = paths_of(brain);
  print_one("stacd_paths_desired", "Paths that a source names.", &Paths::desired, all, out);
  print_one("stacd_paths_live", "Paths that work, desired or held.", &Paths::live, all, out);
  print_one("stacd_paths_held", "Paths that no source names and that stay for lack of information.", &Paths::held, all,
            out);
  print_one("stacd_paths_failing", "Desired paths that do not work.", &Paths::failing, all, out);
  print_help("stacd_subsystems", "gauge", "Subsystems that have such paths, also those without series of their own.",
             out);
  print_metric("stacd_subsystems", "", all.size(), out);
}

}  // namespace stas
