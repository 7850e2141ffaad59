// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/nearest_names.h"

#include <string_view>
#include <vector>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/unicode.h"

namespace stas {

namespace {

constexpr std::size_t kMaxNearest = 5;  // that are offered

}  // namespace

std::string nobody_knows(const std::string& daemon, const std::string& question, const Json::Array& names) {
  std::vector<std::string_view> candidates;
  for (const auto& name : names)
    if (const auto* text = name.as_string()) candidates.emplace_back(*text);
  std::string message = daemon + " knows nothing of " + escaped(question) + "\n";
  const auto near = nearest(question, candidates, kMaxNearest);
  if (!near.empty()) message += "Did you mean:\n";
  for (const auto name : near) message += "  " + escaped(name) + "\n";
  return message;
}

}  // namespace stas
