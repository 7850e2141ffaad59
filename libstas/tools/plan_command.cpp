// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/plan_command.h"

#include <utility>

#include "libstas/tools/plan_text.h"

namespace stas {

namespace {

constexpr const char* kPlanHelp = R"(
options:
  -h, --help       show this help message and exit
  --config FILE    The configuration that would be loaded (default: the daemon's own file as it is now)
  --sys-conf FILE  The same for sys.conf

Exit status: 0 nothing to do, 2 something changes, 3 something would be disconnected, 1 there is no plan (the file is
broken, the daemon does not answer).
)";

CtlPrint answered(const std::string& daemon, const Result<Json>& plan, std::optional<OutputFormat> format) {
  if (plan) return print_plan(*plan, format);
  Error error = plan.error();
  if (error.kind == ErrorKind::permission && error.errnum == 0) error.text += " (a plan is for root to ask for)";
  return no_answer(daemon, error);
}

}  // namespace

CtlCommand plan_command(const std::string& tool, const std::string& daemon) {
  CliCommand command;
  command.name = "plan";
  command.usage = "usage: " + tool + " plan [-h] [--config FILE] [--sys-conf FILE]\n";
  command.help = kPlanHelp;
  command.options = {{0, "config", true, {}, false}, {0, "sys-conf", true, {}, false}};
  return {std::move(command), "Show what a reload would do",
          [](CtlClient& client, const CliRun& run) { return client.plan(run.value("config"), run.value("sys-conf")); },
          [daemon](const Result<Json>& plan, std::optional<OutputFormat> format) {
            return answered(daemon, plan, format);
          }};
}

}  // namespace stas
