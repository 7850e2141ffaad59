// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/watch_screen.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/base/unicode.h"
#include "libstas/tools/colours.h"
#include "libstas/tools/ctl_output.h"
#include "libstas/tools/json_fields.h"

namespace stas {

namespace {

constexpr std::string_view kHome = "\033[H", kClearLine = "\033[K", kClearBelow = "\033[J";
constexpr std::size_t kFewestRows = 4;

std::string summary(const WatchView& view) {
  if (!view.running) return view.daemon + " does not run";
  const auto live = std::ranges::count_if(
      view.controllers, [](const Json& controller) { return raw_text_of(controller, "state") == "live"; });
  return view.daemon + ": " + std::to_string(view.controllers.size()) + " controllers, " + std::to_string(live) +
         " live";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

std::string watch_screen(const WatchView& view, ScreenSize size, bool colour) {
  std::string screen(kHome);
  // `state`: of the controller, "" for a line without one.
  const auto add = [&](const std::string& text, std::string_view state) {
    const std::string line(first_code_points(text, size.columns));
    screen += colour && !state.empty() && state != "live" ? in_colour_of(state, line) : line;
    screen += std::string(kClearLine) + "\n";
  };
  add(view.time + "  " + summary(view), {});
  const auto table = lines_of(format_document(view.controllers, OutputFormat::table));
  const std::size_t room = std::max(size.rows, kFewestRows) - 2;  // beside the first line, and the cursor in the last
  const std::size_t shown = table.size() <= room ? table.size() : room - 1;
  for (std::size_t i = 0; i < shown; ++i)
    add(table[i], i == 0 ? std::string_view() : raw_text_of(view.controllers[i - 1], "state"));
  if (shown < table.size()) add("... and " + std::to_string(table.size() - shown) + " more", {});
  return screen + std::string(kClearBelow);
}

std::string watch_table(const WatchView& view) {
  return view.time + "  " + summary(view) + "\n" + format_document(view.controllers, OutputFormat::table) + "\n";
}

std::string watch_json(const WatchView& view) {
  auto json = Json::object();
  json.add("time", view.time);
  json.add("running", view.running);
  json.add("controllers", Json(view.controllers));
  return json.dump_pretty(0) + "\n";
}

}  // namespace stas
