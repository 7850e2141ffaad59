// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/release_command.h"

#include <utility>

#include "libstas/core/base/unicode.h"
#include "libstas/tools/json_fields.h"

namespace stas {

namespace {

constexpr int kNothing = 1;

constexpr const char* kReleaseHelp = R"(
positional arguments:
  NQN         Of the subsystem whose connections are kept for being in use (disconnect-guard=hold), or until more may be
              cut (max-disconnects-per-minute=). They are cut at once.

options:
  -h, --help  show this help message and exit

Exit status: 0 connections were let go of, 1 none of that subsystem is kept so, or the daemon does not answer.
)";

CtlPrint print_released(const Result<Json>& answer, const std::string& daemon, std::optional<OutputFormat> format) {
  if (!answer) {
    Error error = answer.error();
    if (error.kind == ErrorKind::permission && error.errnum == 0) error.text += " (only root lets go)";
    return no_answer(daemon, error);
  }
  CtlPrint print;
  const auto& released = items_of(*answer, "released");
  if (released.empty()) {
    print.exit_code = kNothing;
    print.err = daemon + " keeps nothing of " + escaped(raw_text_of(*answer, "question")) +
                " that it should disconnect; what is wanted goes by its controller= line, or by an exclude= line\n";
  }
  if (format && *format != OutputFormat::table) {
    print.out = format_document(*answer, *format);
    return print;
  }
  for (const auto& one : released)
    print.out += "Let go of " + text_of(one, "device") + " (" + text_of(one, "reason") + ")\n";
  return print;
}

}  // namespace

CtlCommand release_command(const std::string& tool, const std::string& daemon) {
  CliCommand command;
  command.name = "release";
  command.usage = "usage: " + tool + " release [-h] NQN\n";
  command.help = kReleaseHelp;
  command.arguments = {"NQN"};
  return {std::move(command), "Disconnect what is kept for being in use",
          [](CtlClient& client, const CliRun& run) {
            return client.release(run.value("NQN")).map([&](Json answer) {
              answer.set("question", run.value("NQN"));
              return answer;
            });
          },
          [daemon](const Result<Json>& answer, std::optional<OutputFormat> format) {
            return print_released(answer, daemon, format);
          }};
}

}  // namespace stas
