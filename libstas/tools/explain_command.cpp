// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/explain_command.h"

#include <utility>

#include "libstas/tools/explain_text.h"
#include "libstas/tools/json_fields.h"
#include "libstas/tools/nearest_names.h"

namespace stas {

namespace {

constexpr int kNotKnown = 1;
constexpr char kAsked[] = "NQN|TID|DEVICE|ADDRESS";

constexpr const char* kExplainHelp = R"(
positional arguments:
  NQN|TID|DEVICE|ADDRESS  What to explain: the NQN of a subsystem, a transport ID as messages have it or its beginning
                          (tcp, 192.0.2.7, 4420, nqn.x), a device, an address or host name, perhaps with :PORT

options:
  -h, --help  show this help message and exit

Exit status: 0 it is known, 1 it is not (the nearest names are told), or the daemon does not answer.
)";

CtlPrint print_answer(const std::string& daemon, const Result<Json>& answer, std::optional<OutputFormat> format) {
  if (!answer) return no_answer(daemon, answer.error());
  CtlPrint print;
  const bool known = !items_of(*answer, "controllers").empty() || !items_of(*answer, "hints").empty();
  if (!known) {
    print.exit_code = kNotKnown;
    print.err = nobody_knows(daemon, std::string(raw_text_of(*answer, "question")), items_of(*answer, "names"));
  }
  if (is_false(*answer, "complete")) print.err += daemon + " has not looked at all devices yet\n";
  if (format && *format != OutputFormat::table)
    print.out = format_document(*answer, *format);
  else if (known)
    print.out = explain_text(*answer);
  return print;
}

}  // namespace

CtlCommand explain_command(const std::string& tool, const std::string& daemon) {
  CliCommand command;
  command.name = "explain";
  command.usage = "usage: " + tool + " explain [-h] " + kAsked + "\n";
  command.help = kExplainHelp;
  command.arguments = {kAsked};
  return {std::move(command), "Show why a controller is connected, or is not",
          [](CtlClient& client, const CliRun& run) {
            return client.explain(run.value(kAsked)).map([&](Json answer) {
              answer.set("question", run.value(kAsked));
              return answer;
            });
          },
          [daemon](const Result<Json>& answer, std::optional<OutputFormat> format) {
            return print_answer(daemon, answer, format);
          }};
}

}  // namespace stas
