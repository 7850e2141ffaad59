// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/journal.h"

#include <cerrno>

#include <sys/uio.h>
#include <syslog.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "libstas/core/base/unicode.h"

namespace stas {

namespace {

// sd_journal_sendv() reports success and loses the text when nobody listens there.
constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

int priority(Level level) {
  switch (level) {
    case Level::debug:
      return LOG_DEBUG;
    case Level::info:
      return LOG_INFO;
    case Level::warning:
      return LOG_WARNING;
    case Level::error:
      return LOG_ERR;
  }
  return LOG_ERR;
}

bool send_to_journal(const std::vector<std::string>& fields) {
  if (access(kJournalSocket, W_OK) != 0) return false;
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (const auto& field : fields) parts.push_back({const_cast<char*>(field.data()), field.size()});
  return sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) >= 0;
}

void write_line(const std::string& text) {
  const std::string line = text + '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t n = write(STDERR_FILENO, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nowhere left to complain
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

void write_message(const LogMessage& message) {
  if (message.fields.empty() || !send_to_journal(message.fields)) write_line(message.text);
}

}  // namespace

std::string log_line(std::string_view text) { return printable(text, kMaxLogText); }

std::vector<std::string> Journal::entry(Level level, std::string_view text,
                                        const std::vector<JournalField>& fields) const {
  std::vector<std::string> out{
      "MESSAGE=" + log_line(text),
      "PRIORITY=" + std::to_string(priority(level)),
      "SYSLOG_IDENTIFIER=" + identifier_,
  };
  for (const auto& field : fields) {
    if (!field.value.empty()) out.push_back(std::string(field.name) + "=" + log_line(field.value));
  }
  return out;
}

LogMessage Journal::message(Level level, std::string_view text, const std::vector<JournalField>& fields) const {
  return {log_line(text), sink_ == Sink::journal ? entry(level, text, fields) : std::vector<std::string>()};
}

void Journal::start() {
  queue_ = LogQueue::start(write_message, [identifier = identifier_, sink = sink_](std::size_t dropped) {
    const std::string text = " messages were dropped here: the log was not read for a while, or too slowly";
    return Journal(identifier, sink).message(Level::warning, std::to_string(dropped) + text, {});
  });
  if (!queue_) warning("No thread for the log: whoever does not read it holds everything up");
}

void Journal::log(Level level, std::string_view text, const std::vector<JournalField>& fields) const {
  if (!wants(level)) return;
  if (queue_) return queue_->push(message(level, text, fields));
  write_message(message(level, text, fields));
}

}  // namespace stas
