// SPDX-License-Identifier: Apache-2.0
//
// Where stafd lives on the bus, and how long it may take for an answer.
#pragma once

#include "libstas/core/base/time.h"
#include "libstas/sys/bus/bus_types.h"

namespace stas::stacd {

inline constexpr Duration kStafAnswerTimeout = std::chrono::seconds(10);

inline BusTarget staf() { return {"org.nvmexpress.staf", "/org/nvmexpress/staf", "org.nvmexpress.staf"}; }
// What nvme-stas 2.4.1 does not have.
inline BusTarget staf_evidence() {
  return {"org.nvmexpress.staf", "/org/nvmexpress/staf", "org.nvmexpress.staf.evidence"};
}

}  // namespace stas::stacd
