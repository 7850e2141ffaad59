// SPDX-License-Identifier: Apache-2.0
//
// Where messages go: the journal under --syslog (structured: MESSAGE_ID, STAS_TID, STAS_DEVICE, STAS_REASON,
// STAS_SOURCE), else, or when no journald listens, standard error, the text only, one write per line. Shells log,
// libraries return; nothing here decides what is worth a line. After start() a thread writes (log_queue), and no reader
// can hold up the caller.
//
// Texts carry names from the network: control characters never reach the sink (compatibility contract, D-34).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/base/report_level.h"
#include "libstas/sys/os/log_queue.h"

namespace stas {

inline constexpr std::size_t kMaxLogText = 4096;  // bytes of one message or field

struct JournalField {
  std::string_view name;  // upper case, "STAS_..." or "MESSAGE_ID"
  std::string_view value;
};

// The text as one line: without control characters (printable()), cut after kMaxLogText.
std::string log_line(std::string_view text);

class Journal {
 public:
  enum class Sink { standard_error, journal };

  // `identifier` is the program's name (SYSLOG_IDENTIFIER).
  Journal(std::string identifier, Sink sink) : identifier_(std::move(identifier)), sink_(sink) {}

  // From here on nothing blocks: what is written by the end of this object, or a moment later, was written; see
  // log_queue. Before, and where no thread is to be had, log() writes itself and may wait.
  void start();

  // tron: debug messages are written as well. Default: info and above.
  void set_tron(bool tron) { tron_ = tron; }
  bool tron() const { return tron_; }
  // As the property log_level of D-Bus wants it: "INFO" or "DEBUG".
  std::string_view level_name() const { return tron_ ? "DEBUG" : "INFO"; }
  bool wants(Level level) const { return tron_ || level != Level::debug; }

  void log(Level level, std::string_view text, const std::vector<JournalField>& fields = {}) const;
  void debug(std::string_view text) const { log(Level::debug, text); }
  void info(std::string_view text) const { log(Level::info, text); }
  void warning(std::string_view text) const { log(Level::warning, text); }
  void error(std::string_view text) const { log(Level::error, text); }

  // What is sent to journald: "NAME=value", empty fields left out.
  std::vector<std::string> entry(Level level, std::string_view text, const std::vector<JournalField>& fields) const;

 private:
  LogMessage message(Level level, std::string_view text, const std::vector<JournalField>& fields) const;

  std::string identifier_;
  Sink sink_;
  bool tron_ = false;
  std::unique_ptr<LogQueue> queue_;  // after start()
};

}  // namespace stas
