// SPDX-License-Identifier: Apache-2.0
//
// stafctl(1): ask or trace stafd over D-Bus. Texts, formats and exit codes are those of 2.4.1; new are
// --output, plan, explain, history, topology and watch.
#include <string>

#include "libstas/core/identity/nqn.h"
#include "libstas/tools/ctl_tool.h"
#include "libstas/tools/explain_command.h"
#include "libstas/tools/history_command.h"
#include "libstas/tools/plan_command.h"
#include "libstas/tools/topology_command.h"
#include "libstas/tools/watch_command.h"

namespace {

using stas::CliCommand;
using stas::CliRun;
using stas::CtlClient;
using stas::Json;
using stas::Result;

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

}  // namespace

int main(int argc, char** argv) {
  const std::string name = "stafctl";
  return stas::run_tool(
      {name,
       "STorage Appliance Finder (STAF)",
       {"stafd", "org.nvmexpress.staf", "/org/nvmexpress/staf"},
       CtlClient::LogPages::with,
       {stas::ls_command(name, "List discovery controllers"),
        {dlp(), "Show discovery log pages", log_pages},
        {stas::detailed_command(name, "adlp"), "Show all discovery log pages",
         [](CtlClient& client, const CliRun& run) { return client.all_log_pages(run.has("detailed")); }},
        stas::plan_command(name, "stafd"),
        stas::explain_command(name, "stafd"),
        stas::history_command(name, "stafd"),
        stas::topology_command(name, "stafd"),
        stas::watch_command(name)}},
      argc, argv);
}
