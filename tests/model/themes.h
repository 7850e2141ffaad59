// SPDX-License-Identifier: Apache-2.0
//
// What histories are made of: themes, of which a random history mixes a few, and plots, which lead to one rare
// situation each and are played among random steps. The steps themselves are in steps.cpp.
#pragma once

#include <vector>

namespace stas::model {

// T and U stand for a host, K for a subsystem (mostly of the first two), V and W for a kind of a line, Q for 0 or 1, N
// for a number, B for on or off (b: mostly off); a|b|c for one of the words. What comes several times comes oftener.
// Steps with ',' are several steps at the same instant.
struct Theme {
  const char* name;
  std::vector<const char*> steps;
};

const std::vector<Theme>& all_themes();
// The steps of a plot follow each other.
const std::vector<Theme>& all_plots();

}  // namespace stas::model
