// SPDX-License-Identifier: Apache-2.0
//
// Both brains through random histories, and through the histories that once failed (tests/data/histories).
// STAS_MODEL_RUNS sets how many random histories; STAS_MODEL_SEED runs one and explains it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/model/history.h"

namespace stas::model {
namespace {

constexpr unsigned kSteps = 40;

unsigned long number_from(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoul(text, nullptr, 10) : otherwise;
}

void expect_holds(const History& history) {
  const auto wrong = run(history);
  if (wrong.empty()) return;
  const auto small = shrink(history);
  ADD_FAILURE() << wrong << "\n--- shortest history that fails (save it under tests/data/histories) ---\n"
                << format(small) << "--- it explains itself ---\n"
                << explain(small);
}

TEST(Model, RandomHistoriesEndWell) {
  if (const auto seed = number_from("STAS_MODEL_SEED", 0); seed != 0) return expect_holds(random_history(seed, kSteps));
  const auto runs = number_from("STAS_MODEL_RUNS", 2000);
  for (unsigned long seed = 1; seed <= runs && !HasFailure(); ++seed) expect_holds(random_history(seed, kSteps));
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
