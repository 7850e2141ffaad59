// SPDX-License-Identifier: Apache-2.0
//
// Both brains through random histories, through a simulated week of each theme, and through the histories that once
// failed (tests/data/histories).
//
// STAS_MODEL_FIRST and STAS_MODEL_RUNS: which seeds. STAS_MODEL_SEED: one seed, explained. STAS_MODEL_WEEK: one theme's
// week, from STAS_MODEL_FIRST on as many as STAS_MODEL_RUNS. STAS_MODEL_PLOT: one plot, explained; STAS_MODEL_PLOTS: so
// many of each. STAS_MODEL_SURVEY=all: do not stop at the first failure, count them by law; =LAW: show the shortest
// histories that break it. STAS_MODEL_EXPECT=LAW,...: not judged. STAS_MODEL_QUICK: do not look for the shortest
// history.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/model/coverage.h"
#include "tests/model/history.h"

namespace stas::model {
namespace {

constexpr unsigned kSteps = 40;
constexpr unsigned kShown = 12;
constexpr unsigned long kProgress = 10000;  // a survey says how far it is
constexpr unsigned long kOfEachPlot = 20;
constexpr unsigned long kEnoughForAll = 1000;  // histories after which every feature must have occurred

unsigned long number_from(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoul(text, nullptr, 10) : otherwise;
}

void expect_holds(const History& history) {
  const auto wrong = run(history);
  if (wrong.empty()) return;
  if (std::getenv("STAS_MODEL_QUICK") != nullptr) {
    ADD_FAILURE() << wrong << " in seed " << history.seed;
    return;
  }
  const auto small = shrink(history);
  ADD_FAILURE() << wrong << "\n--- shortest history that fails (save it under tests/data/histories) ---\n"
                << format(small) << "--- it explains itself ---\n"
                << explain(small);
}

// For people who cure: which laws are broken how often, and by which seed first.
void survey(unsigned long first, unsigned long runs) {
  std::map<std::string, std::pair<unsigned, std::string>> laws;
  for (unsigned long seed = first; seed < first + runs; ++seed) {
    if (seed % kProgress == 0) std::cout << "... " << seed << "\n" << std::flush;
    const auto wrong = run(random_history(seed, kSteps));
    if (wrong.empty()) continue;
    const auto from = wrong.find("VIOLATION ") + 10;
    const auto law = wrong.substr(from, wrong.find(':', from) - from);
    std::cout << "seed " << seed << " at " << wrong << "\n" << std::flush;
    auto& [count, example] = laws[law];
    if (count++ == 0) example = "seed " + std::to_string(seed) + " at " + wrong;
    if (law == std::getenv("STAS_MODEL_SURVEY") && count <= kShown) {
      const auto small = shrink(random_history(seed, kSteps));
      std::cout << run(small) << "\n" << format(small) << "\n" << std::flush;
    }
  }
  for (const auto& [law, found] : laws) std::cout << found.first << " x " << law << "; " << found.second << "\n";
}

TEST(Model, RandomHistoriesEndWell) {
  if (const auto seed = number_from("STAS_MODEL_SEED", 0); seed != 0) return expect_holds(random_history(seed, kSteps));
  const auto runs = number_from("STAS_MODEL_RUNS", 10000);
  const auto first = number_from("STAS_MODEL_FIRST", 1);
  if (std::getenv("STAS_MODEL_SURVEY") != nullptr) return survey(first, runs);
  std::cout << "seeds " << first << " to " << first + runs - 1 << "\n";
  for (unsigned long seed = first; seed < first + runs && !HasFailure(); ++seed)
    expect_holds(random_history(seed, kSteps));
  if (HasFailure() || runs < kEnoughForAll) return;
  std::cout << coverage().print();
  for (const auto& never : coverage().missing()) ADD_FAILURE() << "never occurred: " << never;
}

TEST(Model, EachPlotEndsWell) {
  const char* chosen = std::getenv("STAS_MODEL_PLOT");
  for (const auto& plot : plots()) {
    if (chosen != nullptr && plot != chosen) continue;
    if (chosen != nullptr) std::cout << explain(plot_of(plot, 1));
    SCOPED_TRACE(plot);
    for (unsigned long seed = 1; seed <= number_from("STAS_MODEL_PLOTS", kOfEachPlot) && !HasFailure(); ++seed)
      expect_holds(plot_of(plot, seed));
  }
}

TEST(Model, AWeekOfEachThemeEndsWell) {
  const char* chosen = std::getenv("STAS_MODEL_WEEK");
  const auto runs = chosen != nullptr ? number_from("STAS_MODEL_RUNS", 1) : 1;
  for (const auto& theme : themes()) {
    if (chosen != nullptr && theme != chosen) continue;
    SCOPED_TRACE(theme);
    for (unsigned long i = 0; i < runs && !HasFailure(); ++i)
      expect_holds(week_of(theme, number_from("STAS_MODEL_FIRST", 1) + i));
  }
}

TEST(Model, SavedHistoriesEndWell) {
  unsigned count = 0;
  for (const auto& file : std::filesystem::directory_iterator(STAS_HISTORIES)) {
    std::ifstream in(file.path());
    std::stringstream text;
    text << in.rdbuf();
    SCOPED_TRACE(file.path().filename().string());
    EXPECT_EQ(run(parse(text.str())), "");
    ++count;
  }
  EXPECT_GT(count, 0U);
}

TEST(Model, AHistorySurvivesItsTextForm) {
  const auto history = random_history(42, kSteps);
  const auto copy = parse(format(history));
  EXPECT_EQ(copy.seed, history.seed);
  EXPECT_EQ(copy.steps, history.steps);
}

}  // namespace
}  // namespace stas::model
