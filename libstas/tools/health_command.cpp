// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/health_command.h"

#include <string_view>
#include <utility>

#include "libstas/tools/json_fields.h"

namespace stas {

namespace {

constexpr int kOk = 0, kDegraded = 1, kDown = 2, kNobodyKnows = 3;

constexpr const char* kHealthHelp = R"(
options:
  -h, --help  show this help message and exit

Exit status: 0 all paths are live that are or may be wanted, 1 some are not, 2 a wanted subsystem has no live path, 3
unknown (the daemon does not answer, or has not looked at the devices yet).
)";

int exit_status(std::string_view status) {
  return status == "ok" ? kOk : status == "degraded" ? kDegraded : status == "down" ? kDown : kNobodyKnows;
}

// For people: what is nowhere, nobody misses.
Json::Array shown_rows(const Json::Array& subsystems) {
  Json::Array rows = subsystems;
  for (Json& row : rows)
    for (const char* count : {"connecting", "resetting", "deleting", "missing", "held", "lost", "others"})
      if (const Json* value = row.find(count); value != nullptr && *value == Json(0)) row.set(count, "");
  return rows;
}

CtlPrint print_health(const std::string& daemon, const Result<Json>& health, std::optional<OutputFormat> format) {
  if (!health) {
    CtlPrint print = no_answer(daemon, health.error());
    print.exit_code = kNobodyKnows;
    return print;
  }
  CtlPrint print;
  print.exit_code = exit_status(raw_text_of(*health, "status"));
  if (print.exit_code == kNobodyKnows) print.err += daemon + " has not looked at the devices yet\n";
  if (is_false(*health, "stafd answers"))
    print.err += "stafd has not answered " + daemon + ": what its log pages list may be missing here\n";
  const auto& rows = items_of(*health, "subsystems");
  if (format && *format != OutputFormat::table) {
    print.out = format_document(*health, *format);
  } else {
    print.out = rows.empty() ? "no subsystem is wanted\n" : format_document(shown_rows(rows), OutputFormat::table);
  }
  return print;
}

}  // namespace

CtlCommand health_command(const std::string& tool, const std::string& daemon) {
  CliCommand command;
  command.name = "health";
  command.usage = "usage: " + tool + " health [-h]\n";
  command.help = kHealthHelp;
  return {std::move(command), "Show whether all paths are there that should be",
          [](CtlClient& client, const CliRun&) { return client.health(); },
          [daemon](const Result<Json>& health, std::optional<OutputFormat> format) {
            return print_health(daemon, health, format);
          }};
}

}  // namespace stas
