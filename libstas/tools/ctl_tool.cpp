// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/ctl_tool.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "libstas/core/base/unicode.h"
#include "libstas/core/base/version.h"

namespace stas {

namespace {

constexpr int kExitFailure = 1;
constexpr int kExitBadFormat = 2;  // a usage error, as of cli.cpp
constexpr std::size_t kSummaryColumn = 20;

constexpr const char* kPlainHelp = R"(
options:
  -h, --help  show this help message and exit
)";

constexpr const char* kDetailedHelp = R"(
options:
  -h, --help      show this help message and exit
  -d, --detailed  Print detailed info (default: "False")
)";

constexpr const char* kOptionsHelp = R"(
options:
  -h, --help            show this help message and exit
  -v, --version         Print version, then exit

Commands:
)";

constexpr const char* kOutputHelp = R"(
Before or after a command:
  --output FORMAT       Output format: pprint, json or table (default: pprint)
)";

int print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? 0 : kExitFailure;
}

std::vector<CtlCommand> all_commands(const CtlTool& tool) {
  const auto tron = [](CtlClient& client, const CliRun& run) {
    return client.tron(run.command == "tron").map([](bool on) { return Json(Json::Object{{"tron", Json(on)}}); });
  };
  const auto status = [&tool](CtlClient& client, const CliRun&) { return client.status(tool.status_has); };
  std::vector<CtlCommand> all{
      {plain_command(tool.name, "tron"), "Trace ON", tron},
      {plain_command(tool.name, "troff"), "Trace OFF", tron},
      {plain_command(tool.name, "status"), "Show runtime status information about " + tool.daemon.prog, status}};
  all.insert(all.end(), tool.commands.begin(), tool.commands.end());
  return all;
}

CliSpec specification(const CtlTool& tool, const std::vector<CtlCommand>& commands) {
  std::string names, summaries;
  CliSpec spec;
  for (const auto& [command, summary, answer, print, draws, run] : commands) {
    names += (names.empty() ? "{" : ",") + command.name;
    std::string line = "    " + command.name;
    line.resize(4 + kSummaryColumn, ' ');
    summaries += line + summary + "\n";
    spec.commands.push_back(command);
  }
  names += "}";
  spec.prog = tool.name;
  spec.version = kVersionLine;
  spec.usage = "usage: " + tool.name + " [-h] [-v] " + names + " ...\n";
  spec.help = "\n" + tool.title + "\n" + kOptionsHelp + "  " + names + "\n" + summaries + kOutputHelp +
              "\nExample: " + tool.name + " --output=table ls\nManual: " + tool.name + "(1), stas(7)\n";
  spec.anywhere = {{0, "output", true, {"pprint", "json", "table"}, false}};
  if (std::any_of(commands.begin(), commands.end(), [](const CtlCommand& known) { return known.draws; }))
    spec.anywhere.front().choices.emplace_back("dot");
  return spec;
}

CliCommand command(const std::string& tool, const std::string& name, const char* options, const char* help) {
  CliCommand made;
  made.name = name;
  made.usage = "usage: " + tool + " " + name + options + "\n";
  made.help = help;
  return made;
}

// The one message that 2.4.1 has for it.
std::string question(const std::string& daemon) {
  return "Unable to communicate with " + daemon + " over D-Bus. Is " + daemon + " running?";
}

// The bus says that nobody has the daemon's name. (An errno would be that of a file.)
bool is_nobody(const Error& error) { return error.kind == ErrorKind::not_found && error.errnum == 0; }

// Why there is no answer, and what to do about it.
std::string why(const std::string& daemon, const Error& error) {
  if (is_nobody(error))
    return daemon + " does not run: start it with \"systemctl start " + daemon + "\"; \"journalctl -u " + daemon +
           "\" tells why it ended";
  switch (error.kind) {
    case ErrorKind::unreachable:
      return error.text + "; is D-Bus running (systemctl status dbus)?";
    case ErrorKind::permission:
      return error.text + (error.errnum == 0 ? "; try it as root" : "");
    case ErrorKind::timed_out:
      return error.text + "; " + daemon + " runs and does not answer in time: \"journalctl -u " + daemon +
             "\" may tell why";
    case ErrorKind::closed:
      return error.text + "; " + daemon + " or the bus has just ended, try again";
    case ErrorKind::not_supported:
      return error.text + "; the " + daemon + " that runs is of an older release: restart it";
    default:
      return error.text;
  }
}

// tron and troff answer with a line that 2.4.1 prints.
std::string formatted(const Json& document, OutputFormat format) {
  const Json* tron = format == OutputFormat::json ? nullptr : document.find("tron");
  if (tron != nullptr && document.as_object()->size() == 1)
    return *tron == Json(true) ? "tron = True\n" : "tron = False\n";
  return format_document(document, format);
}

}  // namespace

CliCommand plain_command(const std::string& tool, const std::string& name) {
  return command(tool, name, " [-h]", kPlainHelp);
}

CliCommand detailed_command(const std::string& tool, const std::string& name) {
  auto made = command(tool, name, " [-h] [-d]", kDetailedHelp);
  made.options = {{'d', "detailed", false, {}, false}};
  return made;
}

CtlCommand ls_command(const std::string& tool, const std::string& summary) {
  return {detailed_command(tool, "ls"), summary, [](CtlClient& client, const CliRun& run) {
            const bool old_format = run.value("output", "pprint") == "pprint";
            return old_format ? client.list_controllers(run.has("detailed")) : client.list_states(run.has("detailed"));
          }};
}

CtlPrint no_answer(const std::string& daemon, const Error& error) {
  const bool nobody = is_nobody(error) || error.kind == ErrorKind::unreachable;
  const std::string first = nobody ? question(daemon) + "\n" : std::string();
  return {{}, first + printable(why(daemon, error)) + "\n", kExitFailure};
}

CtlPrint no_answer_of_old(const std::string& daemon, const Error& error) {
  return {{}, question(daemon) + "\n" + printable(why(daemon, error)) + "\n", kExitFailure};
}

int run_tool(const CtlTool& tool, int argc, char** argv) {
  const auto commands = all_commands(tool);
  const auto outcome =
      parse_command_line(specification(tool, commands), std::vector<std::string>(argv + 1, argv + argc));
  if (outcome.done) {
    std::fputs(outcome.err.c_str(), stderr);
    const int printed = print(outcome.out);
    return outcome.exit_code != 0 ? outcome.exit_code : printed;
  }
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [&](const CtlCommand& known) { return known.command.name == outcome.run.command; });
  const auto format = output_format(outcome.run.value("output"));
  if (format == OutputFormat::dot && !command->draws) {
    std::fprintf(stderr, "%s%s: error: argument --output: dot is for topology\n", command->command.usage.c_str(),
                 tool.name.c_str());
    return kExitBadFormat;
  }
  if (command->run) return command->run(tool.daemon, outcome.run, format);
  const auto document =
      CtlClient::connect(tool.daemon).and_then([&](CtlClient client) { return command->answer(client, outcome.run); });
  if (command->print) {
    const auto [out, err, exit_code] = command->print(document, format);
    std::fputs(err.c_str(), stderr);
    return print(out) != 0 ? kExitFailure : exit_code;
  }
  if (!document) {
    std::fputs(no_answer_of_old(tool.daemon.prog, document.error()).err.c_str(), stderr);
    return kExitFailure;
  }
  return print(formatted(*document, format.value_or(OutputFormat::pprint)));
}

}  // namespace stas
