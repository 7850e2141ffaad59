// SPDX-License-Identifier: Apache-2.0
//
// What `watch` shows: a screen of the terminal's size, and lines for programs.
#include "libstas/tools/watch_screen.h"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

namespace stas {
namespace {

Json controller(const std::string& device, const std::string& state) {
  auto json = Json::object();
  json.add("device", device);
  json.add("state", state);
  return json;
}

WatchView view(std::initializer_list<std::pair<const char*, const char*>> controllers) {
  WatchView view{"stacd", "2026-01-31 12:00:00", true, {}};
  for (const auto& [device, state] : controllers) view.controllers.push_back(controller(device, state));
  return view;
}

TEST(Watch, AScreenTakesThePlaceOfTheOneBefore) {
  EXPECT_EQ(watch_screen(view({{"nvme1", "live"}, {"nvme22", "connecting"}}), {24, 80}, false),
            "\033[H2026-01-31 12:00:00  stacd: 2 controllers, 1 live\033[K\n"
            "device  state\033[K\n"
            "nvme1   live\033[K\n"
            "nvme22  connecting\033[K\n"
            "\033[J");
}

TEST(Watch, WhatIsNotLiveHasAColour) {
  const auto screen = watch_screen(view({{"nvme1", "live"}, {"nvme2", "connecting"}, {"nvme?", "missing"}}), {}, true);
  EXPECT_NE(screen.find("\nnvme1   live\033[K"), std::string::npos);
  EXPECT_NE(screen.find("\n\033[33mnvme2   connecting\033[0m\033[K"), std::string::npos);
  EXPECT_NE(screen.find("\n\033[31mnvme?   missing\033[0m\033[K"), std::string::npos);
}

TEST(Watch, AScreenIsNoLargerThanTheTerminal) {
  const auto many = view({{"nvme1", "live"}, {"nvme2", "live"}, {"nvme3", "live"}, {"nvme4", "live"}});
  for (const std::size_t rows : {4, 5, 6, 7, 8}) {
    const auto screen = watch_screen(many, {rows, 80}, false);
    EXPECT_LT(std::count(screen.begin(), screen.end(), '\n'), static_cast<std::ptrdiff_t>(rows)) << rows;
    EXPECT_EQ(screen.find("nvme4") != std::string::npos, rows >= 7) << rows;
    EXPECT_EQ(screen.find(" more\033[K") != std::string::npos, rows < 7) << rows;
  }
  EXPECT_NE(watch_screen(many, {5, 80}, false).find("\n... and 3 more\033[K\n"), std::string::npos);
  // Cut between characters, and with room for the sequences, which take none.
  auto wide = view({});
  wide.controllers.push_back(controller("nvme\u00e4\u00e4", "live"));
  const auto screen = watch_screen(wide, {24, 5}, true);
  EXPECT_NE(screen.find("\nnvme\u00e4\033[K\n"), std::string::npos) << screen;
}

TEST(Watch, AStrangersTextMovesNoCursor) {
  auto hostile = view({});
  hostile.controllers.push_back(controller("nvme\033[2J", "live"));
  EXPECT_EQ(watch_screen(hostile, {}, true).find("\033[2J"), std::string::npos);
}

TEST(Watch, ProgramsGetOneObjectInALine) {
  EXPECT_EQ(watch_json(view({{"nvme1", "live"}})),
            "{\"time\": \"2026-01-31 12:00:00\", \"running\": true, \"controllers\": [{\"device\": \"nvme1\", "
            "\"state\": \"live\"}]}\n");
  auto away = view({});
  away.running = false;
  EXPECT_EQ(watch_json(away), "{\"time\": \"2026-01-31 12:00:00\", \"running\": false, \"controllers\": []}\n");
  EXPECT_EQ(watch_table(away), "2026-01-31 12:00:00  stacd does not run\n\n");
}

}  // namespace
}  // namespace stas
