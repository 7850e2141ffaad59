// SPDX-License-Identifier: Apache-2.0
//
// The history of a daemon (core/brain/history) and its file in the runtime directory, which outlives the process. Both
// daemons have one; `history` of their additional interface shows it.
#pragma once

#include <string_view>

#include "libstas/core/brain/history.h"
#include "libstas/sys/bus/bus_types.h"
#include "libstas/sys/daemon/state_file.h"

namespace stas {

class HistoryFile {
 public:
  // All calls from the loop's thread.
  HistoryFile(Loop& loop, std::string_view program, const Journal& journal);

  // Reads what was saved, once. What cannot be read or used is logged and left behind; nothing hangs on it.
  void start();
  // `text`: of the report, as the journal gets it.
  void take(const Report& report, std::string_view text);
  void flush(Duration limit) { file_.flush(limit); }

  // The method of the bus. This object outlives it.
  BusMethod method() const;

 private:
  const std::string_view program_;
  const Journal& journal_;
  History history_;
  StateFile file_;
};

}  // namespace stas
