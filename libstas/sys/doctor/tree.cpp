// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/doctor/tree.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "libstas/core/base/text.h"
#include "libstas/sys/os/files.h"

namespace stas::doctor {

namespace {
constexpr std::size_t kMaxFile = 1U << 20;
}

bool Tree::exists(std::string_view absolute) const {
  std::error_code unknown;
  return std::filesystem::exists(std::filesystem::symlink_status(path(absolute), unknown));
}

std::string Tree::text(std::string_view absolute) const {
  return read_file_bounded(path(absolute), kMaxFile).value_or("");
}

std::string Tree::line(std::string_view absolute) const {
  const std::string all = text(absolute);
  return std::string(trimmed(std::string_view(all).substr(0, all.find('\n'))));
}

std::optional<int> Tree::number(std::string_view absolute) const {
  const std::string digits = line(absolute);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || digits.empty() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::vector<std::string> Tree::names(std::string_view directory, std::size_t most) const {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path(directory), error), end; !error && entry != end;
       entry.increment(error)) {
    if (found.size() >= most) break;
    found.push_back(entry->path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace stas::doctor
