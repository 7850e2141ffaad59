// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/did_you_mean.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr std::size_t kMaxCompared = 64;  // longer texts are no misspelled names; bounds the quadratic work
constexpr std::size_t kMaxDistance = 3;

// Edits (insert, delete, replace, swap of neighbours) that turn one text into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string_view closest(std::string_view text, const std::vector<std::string_view>& candidates) {
  const std::string wanted = to_lower(trimmed(text));
  if (wanted.empty() || wanted.size() > kMaxCompared) return {};
  std::string_view best;
  std::size_t best_distance = std::clamp<std::size_t>(wanted.size() / 3, 1, kMaxDistance) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kMaxCompared) continue;
    const std::size_t distance = edit_distance(wanted, to_lower(candidate));
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view text, const std::vector<std::string_view>& candidates) {
  const std::string_view best = closest(text, candidates);
  return best.empty() ? std::string() : " - did you mean `" + std::string(best) + "`?";
}

}  // namespace stas
