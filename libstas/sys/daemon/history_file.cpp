// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/history_file.h"

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "libstas/sys/daemon/conf_file.h"
#include "libstas/sys/os/files.h"

namespace stas {

namespace {

// Nothing depends on it, and much that happens together is one story.
constexpr Duration kSoonEnough = std::chrono::seconds(1);

}  // namespace

HistoryFile::HistoryFile(Loop& loop, std::string_view program, const Journal& journal)
    : program_(program),
      journal_(journal),
      file_(
          loop, runtime_directory(program) + "/history.json", journal,
          [this]() -> StateFile::Text {
            return [transitions = history_.transitions(), program = std::string(program_)] {
              return format_history(transitions, program);
            };
          },
          "history", kSoonEnough) {}

void HistoryFile::start() {
  const auto text = read_regular_file(file_.path(), kMaxHistoryBytes);
  if (!text) {
    if (text.error().errnum != ENOENT) journal_.warning("Unable to read history: " + text.error().text);
    return;
  }
  auto read = parse_history(*text, file_.path(), program_);
  log_complaints(read.complaints, journal_);
  history_.restore(std::move(read.transitions));
}

void HistoryFile::take(const Report& report, std::string_view text) {
  const auto clock = std::chrono::system_clock::now().time_since_epoch();
  if (history_.take(report, text, std::chrono::duration_cast<std::chrono::milliseconds>(clock).count()))
    file_.changed();
}

BusMethod HistoryFile::method() const {
  return {"history",
          {{BusType::text, "question"}},
          {{BusType::text, "history_json"}},
          [this](const BusArgs& args) -> Result<BusValue> {
            return BusValue(history_answer(history_.transitions(), std::get<std::string>(args.at(0))).dump_python());
          }};
}

}  // namespace stas
