// SPDX-License-Identifier: Apache-2.0
//
// How most rows about disconnect-guard=hold begin, in one line of their story (connector_guard*_test.cpp):
//
//   guarded CONTROLLER...     start, with a controller= line for each and disconnect-guard=hold; stafd is up, and the
//                             first one leads to what is mounted: usage nvme0 nvme0n1 is mounted on /srv
//   kept CONTROLLER...        the same, and then the controller= lines are removed, five seconds ago
#pragma once

#include <sstream>
#include <string>
#include <string_view>

#include "tests/unit/brains/driver.h"

namespace stas::story {

inline std::string tell_guarded(std::string_view script) {
  std::string story;
  std::istringstream lines{std::string(script)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    if (verb != "guarded" && verb != "kept") {
      story += line + "\n";
      continue;
    }
    std::string options;
    for (std::string controller; words >> controller;) options += "controller=" + controller + " | ";
    story += "start " + options + "disconnect-guard=hold\nstafd up\nusage nvme0 nvme0n1 is mounted on /srv\n";
    if (verb == "kept") story += "conf disconnect-guard=hold\nwait 5\n";
  }
  return tell_connector(story);
}

}  // namespace stas::story
