// SPDX-License-Identifier: Apache-2.0
//
// stacctl(1): ask or trace stacd over D-Bus. Texts, formats and exit codes are those of 2.4.1; new is --output.
#include <string>
#include <vector>

#include "libstas/tools/cli.h"
#include "libstas/tools/ctl_client.h"

namespace {

using stas::CliCommand;
using stas::CliSpec;
using stas::CtlClient;

const stas::CtlDaemon kStacd{"stacd", "org.nvmexpress.stac", "/org/nvmexpress/stac"};

constexpr const char* kPlainHelp = R"(
options:
  -h, --help  show this help message and exit
)";

constexpr const char* kDetailedHelp = R"(
options:
  -h, --help      show this help message and exit
  -d, --detailed  Print detailed info (default: "False")
)";

constexpr const char* kMainHelp = R"(
STorage Appliance Connector (STAC)

options:
  -h, --help            show this help message and exit
  -v, --version         Print version, then exit

Commands:
  {tron,troff,status,ls}
    tron                Trace ON
    troff               Trace OFF
    status              Show runtime status information about stacd
    ls                  List I/O controllers

Before or after a command:
  --output FORMAT       Output format: pprint, json or table (default: pprint)
)";

CliCommand plain(const std::string& name) {
  CliCommand command;
  command.name = name;
  command.usage = "usage: stacctl " + name + " [-h]\n";
  command.help = kPlainHelp;
  return command;
}

CliCommand detailed(const std::string& name) {
  CliCommand command;
  command.name = name;
  command.usage = "usage: stacctl " + name + " [-h] [-d]\n";
  command.help = kDetailedHelp;
  command.options = {{'d', "detailed", false, {}, false}};
  return command;
}

CliSpec specification() {
  CliSpec spec;
  spec.prog = "stacctl";
  spec.version = "stas " STAS_VERSION;
  spec.usage = "usage: stacctl [-h] [-v] {tron,troff,status,ls} ...\n";
  spec.help = kMainHelp;
  spec.anywhere = {{0, "output", true, {"pprint", "json", "table"}, false}};
  spec.commands = {plain("tron"), plain("troff"), plain("status"), detailed("ls")};
  return spec;
}

}  // namespace

int main(int argc, char** argv) {
  const auto outcome = stas::parse_command_line(specification(), std::vector<std::string>(argv + 1, argv + argc));
  if (outcome.done) return stas::finish(outcome);
  const auto& run = outcome.run;
  auto client = CtlClient::connect(kStacd);
  if (!client) return stas::finish(kStacd, run, tl::unexpected(client.error()));
  if (run.command == "tron" || run.command == "troff") {
    return stas::finish_tron(kStacd, run, client->tron(run.command == "tron"));
  }
  if (run.command == "status") return stas::finish(kStacd, run, client->status(CtlClient::LogPages::without));
  return stas::finish(kStacd, run, client->list_controllers(run.has("detailed")));
}
