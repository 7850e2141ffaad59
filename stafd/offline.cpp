// SPDX-License-Identifier: Apache-2.0
#include "stafd/offline.h"

#include "libstas/sys/daemon/offline.h"
#include "libstas/tools/plan_text.h"
#include "stafd/daemon.h"
#include "stafd/rehearsal.h"

namespace stas::stafd {

int plan_offline(const DaemonOptions& options) {
  const Journal journal(options.program, Journal::Sink::standard_error);
  Finder brain;
  const auto port = port_of<StafdConfigured>(brain, parse_known_stafd, kConfParser);
  const auto rehearse = [&](OfflineStart& start) -> Result<Plan> {
    const PlanFiles files{*options.plan, *options.plan};
    return plan_start(brain, std::get<StafdConfigured>(start.configuration), start.facts, files, start.now);
  };
  return show_plan(stas::plan_offline(options, port, ControllerKind::discovery, journal, rehearse));
}

}  // namespace stas::stafd
