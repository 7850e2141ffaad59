// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "libstas/core/doctor/facts.h"
#include "libstas/core/doctor/finding.h"

namespace stas::doctor {

std::string_view word(Weight weight) {
  switch (weight) {
    case Weight::note:
      return "note";
    case Weight::warning:
      return "warning";
    case Weight::problem:
      break;
  }
  return "problem";
}

Findings examine(const Facts& facts) {
  Findings out;
  examine_kernel(facts, out);
  examine_identity(facts, out);
  examine_neighbours(facts, out);
  examine_network(facts, out);
  examine_reach(facts, out);
  return out;
}

int exit_status(const Findings& findings) {
  int status = 0;
  for (const auto& finding : findings) status = std::max(status, static_cast<int>(finding.weight));
  return status;
}

}  // namespace stas::doctor
