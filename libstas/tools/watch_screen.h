// SPDX-License-Identifier: Apache-2.0
//
// What `watch` shows: the controllers of a daemon as they are now. For a terminal a screen that takes the place of the
// one before, cut to its size; for a file or a pipe the table again; for programs one JSON object in a line.
#pragma once

#include <cstddef>
#include <string>

#include "libstas/core/base/json.h"

namespace stas {

// The controllers, as `ls` has them; `running` false: the daemon does not run.
struct WatchView {
  std::string daemon;
  std::string time;  // "2026-01-31 12:00:00"
  bool running = true;
  Json::Array controllers;
};

struct ScreenSize {
  std::size_t rows = 24, columns = 80;
};

// With escape sequences for a screen (ECMA-48), in colour if asked for.
std::string watch_screen(const WatchView& view, ScreenSize size, bool colour);
std::string watch_table(const WatchView& view);
std::string watch_json(const WatchView& view);

}  // namespace stas
