// SPDX-License-Identifier: Apache-2.0
//
// Laws that are not judged. None, but for who looks for something else than what is known (STAS_MODEL_EXPECT).
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>

#include "tests/model/world.h"

namespace stas::model {

bool is_expected(const std::string& law) {
  static const std::set<std::string> expected = [] {
    std::set<std::string> laws;
    if (const char* list = std::getenv("STAS_MODEL_EXPECT"); list != nullptr) {
      std::istringstream in(list);
      for (std::string one; std::getline(in, one, ',');) laws.insert(one);
    }
    return laws;
  }();
  return expected.contains(law);
}

}  // namespace stas::model
