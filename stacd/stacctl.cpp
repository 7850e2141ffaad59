// SPDX-License-Identifier: Apache-2.0
//
// stacctl(1): ask or trace stacd over D-Bus. Texts, formats and exit codes are those of 2.4.1; new are
// --output, plan and explain.
#include <string>

#include "libstas/tools/ctl_tool.h"
#include "libstas/tools/explain_command.h"
#include "libstas/tools/plan_command.h"

int main(int argc, char** argv) {
  const std::string name = "stacctl";
  return stas::run_tool(
      {name,
       "STorage Appliance Connector (STAC)",
       {"stacd", "org.nvmexpress.stac", "/org/nvmexpress/stac"},
       stas::CtlClient::LogPages::without,
       {{stas::detailed_command(name, "ls"), "List I/O controllers",
         [](stas::CtlClient& client, const stas::CliRun& run) { return client.list_controllers(run.has("detailed")); }},
        stas::plan_command(name, "stacd"),
        stas::explain_command(name, "stacd")}},
      argc, argv);
}
