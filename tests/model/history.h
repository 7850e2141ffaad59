// SPDX-License-Identifier: Apache-2.0
//
// Random histories: made from a seed, run in a World, shrunk when they fail, kept as text (tests/data/histories).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stas::model {

struct History {
  std::uint64_t seed = 0;
  std::vector<std::string> steps;
};

// What happens beside the ordinary: every random history mixes a few of these themes.
const std::vector<std::string>& themes();

History random_history(std::uint64_t seed, unsigned steps);
// At least a simulated week in which one theme occurs again and again.
History week_of(const std::string& theme, std::uint64_t seed);

// Rare situations, each a row of steps, played among a few random ones.
const std::vector<std::string>& plots();
History plot_of(const std::string& name, std::uint64_t seed);

// "" when everything held, else what did not.
std::string run(const History& history);
// The same with the journal and the world in the end, for people.
std::string explain(const History& history);

// Leaves out steps as long as the history still fails.
History shrink(History history);

// "seed N" and one step per line; '#' begins a comment.
std::string format(const History& history);
History parse(const std::string& text);

}  // namespace stas::model
