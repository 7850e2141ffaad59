// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/history_command.h"

#include <cstdio>
#include <ctime>
#include <optional>
#include <utility>

#include "libstas/core/identity/tid_fields.h"
#include "libstas/tools/json_fields.h"
#include "libstas/tools/nearest_names.h"

namespace stas {

namespace {

constexpr int kNobodyKnown = 1;
constexpr char kWhose[] = "NQN|TID|DEVICE|ADDRESS";

constexpr const char* kHistoryHelp = R"(
positional arguments:
  NQN|TID|DEVICE|ADDRESS  Whose history: the NQN of a subsystem, a transport ID as messages have it or its beginning, a
                          device, an address or host name, perhaps with :PORT (default: everything)

options:
  -h, --help  show this help message and exit

Exit status: 0, or 1 when nothing is known about what was asked for, or the daemon does not answer.
)";

// As the journal has it: in the time zone of who reads it.
std::string local_time(const Json* milliseconds) {
  const auto value = milliseconds == nullptr ? std::nullopt : milliseconds->as_int();
  if (!value) return {};
  const auto seconds = static_cast<std::time_t>(*value / 1000);
  std::tm fields{};
  char day[32] = {}, text[48] = {};
  if (localtime_r(&seconds, &fields) == nullptr || std::strftime(day, sizeof day, "%F %T", &fields) == 0) return {};
  std::snprintf(text, sizeof text, "%s.%03d", day, static_cast<int>(*value % 1000));
  return text;
}

std::string controller_of(const Json& transition) {
  const auto tid = read_tid(transition);
  return tid ? tid->to_string() : std::string();
}

Json::Array history_rows(const Json::Array& transitions) {
  Json::Array rows;
  for (const Json& transition : transitions) {
    auto row = Json::object();
    row.add("time", local_time(transition.find("time")));
    row.add("event", raw_text_of(transition, "event"));
    row.add("device", raw_text_of(transition, "device"));
    row.add("controller", controller_of(transition));
    row.add("text", raw_text_of(transition, "text"));
    rows.push_back(std::move(row));
  }
  return rows;
}

CtlPrint print_history(const std::string& daemon, const Result<Json>& answer, std::optional<OutputFormat> format) {
  if (!answer) return no_answer(daemon, answer.error());
  CtlPrint print;
  const auto& transitions = items_of(*answer, "transitions");
  const std::string question(raw_text_of(*answer, "question"));
  if (transitions.empty() && !question.empty()) {
    print.exit_code = kNobodyKnown;
    print.err = nobody_knows(daemon, question, items_of(*answer, "names"));
  }
  if (format && *format != OutputFormat::table)
    print.out = format_document(*answer, *format);
  else if (!transitions.empty())
    print.out = format_document(history_rows(transitions), OutputFormat::table);
  else if (question.empty())
    print.out = "nothing has happened yet\n";
  return print;
}

}  // namespace

CtlCommand history_command(const std::string& tool, const std::string& daemon) {
  CliCommand command;
  command.name = "history";
  command.usage = "usage: " + tool + " history [-h] [" + kWhose + "]\n";
  command.help = kHistoryHelp;
  command.last_argument = kWhose;
  return {std::move(command), "Show what happened to the controllers, and why",
          [](CtlClient& client, const CliRun& run) {
            return client.history(run.value(kWhose)).map([&](Json answer) {
              answer.set("question", run.value(kWhose));
              return answer;
            });
          },
          [daemon](const Result<Json>& answer, std::optional<OutputFormat> format) {
            return print_history(daemon, answer, format);
          }};
}

}  // namespace stas
