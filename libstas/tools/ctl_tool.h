// SPDX-License-Identifier: Apache-2.0
//
// stafctl and stacctl as programs: the commands both have (tron, troff, status), --output, help and exit codes, which
// are those of 2.4.1. Each tool adds its own commands.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libstas/core/base/json.h"
#include "libstas/core/base/result.h"
#include "libstas/sys/os/cli.h"
#include "libstas/tools/ctl_client.h"
#include "libstas/tools/ctl_output.h"

namespace stas {

struct CtlCommand {
  CliCommand command;
  std::string summary;  // for the main help
  std::function<Result<Json>(CtlClient&, const CliRun&)> answer;
  // What is printed, and the exit status. Without it, a document in the format asked for (`--output`) and 0, and for
  // whatever goes wrong the one message of 2.4.1, the reason and 1.
  std::function<CtlPrint(const Result<Json>&, std::optional<OutputFormat>)> print{};
  bool draws = false;  // understands --output=dot
  // In place of all that: it goes on until somebody ends it. Returns the exit status.
  std::function<int(const CtlDaemon&, const CliRun&, std::optional<OutputFormat>)> run{};
};

struct CtlTool {
  std::string name;   // "stafctl"
  std::string title;  // "STorage Appliance Finder (STAF)"
  CtlDaemon daemon;
  CtlClient::LogPages status_has = CtlClient::LogPages::without;
  std::vector<CtlCommand> commands;  // beside tron, troff and status
};

// A command that has no option but --help, and one that has --detailed.
CliCommand plain_command(const std::string& tool, const std::string& name);
CliCommand detailed_command(const std::string& tool, const std::string& name);
// `ls`. What 2.4.1 printed stays as it was; the formats that are new have the state as well.
CtlCommand ls_command(const std::string& tool, const std::string& summary);

// What is printed when there is no answer, and exit status 1: in the words of 2.4.1 where the daemon does not run or
// there is no bus, and in any case why, with what to do.
CtlPrint no_answer(const std::string& daemon, const Error& error);
// The same for the commands of 2.4.1, which has one message for whatever goes wrong: that comes first.
CtlPrint no_answer_of_old(const std::string& daemon, const Error& error);

// main(): prints the answer, or the old product's one message; returns the exit code.
int run_tool(const CtlTool& tool, int argc, char** argv);

}  // namespace stas
