// SPDX-License-Identifier: Apache-2.0
//
// stafctl(1): ask or trace stafd over D-Bus. Texts, formats and exit codes are those of 2.4.1; new is --output.
#include <string>
#include <vector>

#include "libstas/core/identity/nqn.h"
#include "libstas/tools/cli.h"
#include "libstas/tools/ctl_client.h"

namespace {

using stas::CliCommand;
using stas::CliRun;
using stas::CliSpec;
using stas::CtlClient;
using stas::Json;
using stas::Result;

const stas::CtlDaemon kStafd{"stafd", "org.nvmexpress.staf", "/org/nvmexpress/staf"};

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
STorage Appliance Finder (STAF)

options:
  -h, --help            show this help message and exit
  -v, --version         Print version, then exit

Commands:
  {tron,troff,status,ls,dlp,adlp}
    tron                Trace ON
    troff               Trace OFF
    status              Show runtime status information about stafd
    ls                  List discovery controllers
    dlp                 Show discovery log pages
    adlp                Show all discovery log pages

Before or after a command:
  --output FORMAT       Output format: pprint, json or table (default: pprint)
)";

constexpr const char* kDlpUsage = R"(usage: stafctl dlp [-h] [-t <trtype>] -a <traddr> -s <trsvcid> [-w <traddr>]
                   [-f <iface>] [-q <nqn>] [-n <nqn>]
)";

constexpr const char* kDlpHelp = R"(
options:
  -h, --help            show this help message and exit
  -t, --transport <trtype>
                        NVMe-over-Fabrics fabric type (default: "tcp")
  -a, --traddr <traddr>
                        Discovery Controller's network address
  -s, --trsvcid <trsvcid>
                        Transport service id (for IP addressing, e.g. tcp,
                        rdma, this field is the port number)
  -w, --host-traddr <traddr>
                        Network address used on the host to connect to the
                        Controller (default: "")
  -f, --host-iface <iface>
                        This field specifies the network interface used on the
                        host to connect to the Controller (default: "")
  -q, --host-nqn <nqn>  This field specifies the host NQN (default: the host NQN
                        stafd uses)
  -n, --nqn <nqn>       This field specifies the discovery controller's NQN.
                        When not specified this option defaults to
                        "nqn.2014-08.org.nvmexpress.discovery"
)";

CliCommand plain(const std::string& name) {
  CliCommand command;
  command.name = name;
  command.usage = "usage: stafctl " + name + " [-h]\n";
  command.help = kPlainHelp;
  return command;
}

CliCommand detailed(const std::string& name) {
  CliCommand command;
  command.name = name;
  command.usage = "usage: stafctl " + name + " [-h] [-d]\n";
  command.help = kDetailedHelp;
  command.options = {{'d', "detailed", false, {}, false}};
  return command;
}

CliCommand dlp() {
  CliCommand command;
  command.name = "dlp";
  command.usage = kDlpUsage;
  command.help = kDlpHelp;
  command.options = {
      {'t', "transport", true, {"tcp", "rdma", "fc", "loop"}, false},
      {'a', "traddr", true, {}, true},
      {'s', "trsvcid", true, {}, true},
      {'w', "host-traddr", true, {}, false},
      {'f', "host-iface", true, {}, false},
      {'q', "host-nqn", true, {}, false},
      {'n', "nqn", true, {}, false},
  };
  return command;
}

CliSpec specification() {
  CliSpec spec;
  spec.prog = "stafctl";
  spec.version = "stas " STAS_VERSION;
  spec.usage = "usage: stafctl [-h] [-v] {tron,troff,status,ls,dlp,adlp} ...\n";
  spec.help = kMainHelp;
  spec.anywhere = {{0, "output", true, {"pprint", "json", "table"}, false}};
  spec.commands = {plain("tron"), plain("troff"), plain("status"), detailed("ls"), dlp(), detailed("adlp")};
  return spec;
}

// Without --host-nqn, stafd's own is meant; stafd is asked, because it may run with a sys.conf of its own.
Result<Json> log_pages(CtlClient& client, const CliRun& run) {
  auto host_nqn = run.value("host-nqn");
  if (!run.has("host-nqn")) {
    const auto info = client.process_info();
    if (!info) return info;
    const auto* value = info->find("hostnqn");
    if (value != nullptr && value->as_string() != nullptr) host_nqn = *value->as_string();
  }
  return client.log_pages({run.value("transport", "tcp"), run.value("traddr"), run.value("trsvcid"),
                           run.value("nqn", std::string(stas::kWellKnownDiscoveryNqn)), run.value("host-traddr"),
                           run.value("host-iface"), host_nqn});
}

Result<Json> answer(CtlClient& client, const CliRun& run) {
  if (run.command == "status") return client.status(CtlClient::LogPages::with);
  if (run.command == "ls") return client.list_controllers(run.has("detailed"));
  if (run.command == "adlp") return client.all_log_pages(run.has("detailed"));
  return log_pages(client, run);
}

}  // namespace

int main(int argc, char** argv) {
  const auto outcome = stas::parse_command_line(specification(), std::vector<std::string>(argv + 1, argv + argc));
  if (outcome.done) return stas::finish(outcome);
  const auto& run = outcome.run;
  auto client = CtlClient::connect(kStafd);
  if (!client) return stas::finish(kStafd, run, tl::unexpected(client.error()));
  if (run.command == "tron" || run.command == "troff") {
    return stas::finish_tron(kStafd, run, client->tron(run.command == "tron"));
  }
  return stas::finish(kStafd, run, answer(*client, run));
}
