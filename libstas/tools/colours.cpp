// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/colours.h"

#include <cstdlib>

#include <unistd.h>

namespace stas {

namespace {

constexpr std::string_view kGreen = "\033[32m", kYellow = "\033[33m", kRed = "\033[31m", kPlain = "\033[0m";

}  // namespace

// The environment does not change.
bool is_for_colours() {
  const char* never = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  return isatty(STDOUT_FILENO) == 1 && (never == nullptr || *never == '\0');
}

std::string in_colour_of(std::string_view state, std::string_view text) {
  const bool absent = state == "missing" || state == "deleting";
  const std::string_view colour = state == "live" ? kGreen : absent ? kRed : kYellow;
  return std::string(colour) + std::string(text) + std::string(kPlain);
}

}  // namespace stas
