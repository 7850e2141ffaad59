// SPDX-License-Identifier: Apache-2.0
//
// stacctl(1): ask or trace stacd over D-Bus. Texts, formats and exit codes are those of 2.4.1; new are
// --output, plan, explain, history, health, release, topology and
// watch.
#include <string>

#include "libstas/tools/ctl_tool.h"
#include "libstas/tools/explain_command.h"
#include "libstas/tools/health_command.h"
#include "libstas/tools/history_command.h"
#include "libstas/tools/plan_command.h"
#include "libstas/tools/release_command.h"
#include "libstas/tools/topology_command.h"
#include "libstas/tools/watch_command.h"

int main(int argc, char** argv) {
  const std::string name = "stacctl";
  return stas::run_tool(
      {name,
       "STorage Appliance Connector (STAC)",
       {"stacd", "org.nvmexpress.stac", "/org/nvmexpress/stac"},
       stas::CtlClient::LogPages::without,
       {stas::ls_command(name, "List I/O controllers"), stas::plan_command(name, "stacd"),
        stas::explain_command(name, "stacd"), stas::history_command(name, "stacd"), stas::health_command(name, "stacd"),
        stas::release_command(name, "stacd"), stas::topology_command(name, "stacd"), stas::watch_command(name)}},
      argc, argv);
}
