// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/complaint.h"

namespace stas {

std::string Complaint::to_string() const {
  if (file.empty()) return text;
  return "File:" + file + (line > 0 ? ":" + std::to_string(line) : std::string()) + ": " + text;
}

}  // namespace stas
