// SPDX-License-Identifier: Apache-2.0
//
// What --version says first. Scripts ask it whether this is nvme-stas 2.x, whose contract this is (2.4.1), before they
// write its configuration or call its tools.
#pragma once

namespace stas {

inline constexpr char kVersionLine[] = "nvme-stas 2.4.1 (stas " STAS_VERSION ")";

}  // namespace stas
