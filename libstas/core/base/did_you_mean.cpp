// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/did_you_mean.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

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

std::size_t tolerance(std::string_view wanted) { return std::clamp<std::size_t>(wanted.size() / 3, 1, kMaxDistance); }

// The same for what may be long and begins and ends alike. kMaxDistance + 1: it is more than that.
std::size_t distance_within(std::string_view a, std::string_view b) {
  const auto begin = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  a.remove_prefix(static_cast<std::size_t>(begin.first - a.begin()));
  b.remove_prefix(static_cast<std::size_t>(begin.second - b.begin()));
  const auto end = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  a.remove_suffix(static_cast<std::size_t>(end.first - a.rbegin()));
  b.remove_suffix(static_cast<std::size_t>(end.second - b.rbegin()));
  return std::max(a.size(), b.size()) > kMaxCompared ? kMaxDistance + 1 : edit_distance(a, b);
}

}  // namespace

std::string_view closest(std::string_view text, const std::vector<std::string_view>& candidates) {
  const std::string wanted = to_lower(trimmed(text));
  if (wanted.empty() || wanted.size() > kMaxCompared) return {};
  std::string_view best;
  std::size_t best_distance = tolerance(wanted) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kMaxCompared) continue;
    const std::size_t distance = edit_distance(wanted, to_lower(candidate));
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

std::vector<std::string_view> nearest(std::string_view text, const std::vector<std::string_view>& candidates,
                                      std::size_t count) {
  const std::string wanted = to_lower(trimmed(text));
  if (wanted.empty()) return {};
  std::vector<std::pair<std::size_t, std::string_view>> ranked;  // 0: contains it
  for (const std::string_view candidate : candidates) {
    const std::string name = to_lower(candidate);
    const std::size_t rank = name.find(wanted) != std::string::npos ? 0 : distance_within(wanted, name);
    if (rank <= tolerance(wanted)) ranked.emplace_back(rank, candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string_view> best;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) best.push_back(ranked[i].second);
  return best;
}

std::string did_you_mean(std::string_view text, const std::vector<std::string_view>& candidates) {
  const std::string_view best = closest(text, candidates);
  return best.empty() ? std::string() : " - did you mean `" + std::string(best) + "`?";
}

}  // namespace stas
