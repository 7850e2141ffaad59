// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/topology_command.h"

#include <utility>

#include "libstas/tools/colours.h"
#include "libstas/tools/topology_text.h"

namespace stas {

namespace {

constexpr const char* kTopologyHelp = R"(
options:
  -h, --help  show this help message and exit

--output=dot prints a graph for dot(1), --output=json the whole of what is known.
)";

CtlPrint print_topology(const std::string& daemon, const Result<Json>& topology, std::optional<OutputFormat> format) {
  if (!topology) return no_answer(daemon, topology.error());
  if (format == OutputFormat::dot) return {topology_dot(*topology), {}, 0};
  if (format && *format != OutputFormat::table) return {format_document(*topology, *format), {}, 0};
  return {topology_tree(*topology, is_for_colours()), {}, 0};
}

}  // namespace

CtlCommand topology_command(const std::string& tool, const std::string& daemon) {
  CliCommand command;
  command.name = "topology";
  command.usage = "usage: " + tool + " topology [-h]\n";
  command.help = kTopologyHelp;
  CtlCommand made{std::move(command), "Show which way leads to which subsystem",
                  [](CtlClient& client, const CliRun&) { return client.topology(); },
                  [daemon](const Result<Json>& topology, std::optional<OutputFormat> format) {
                    return print_topology(daemon, topology, format);
                  }};
  made.draws = true;
  return made;
}

}  // namespace stas
