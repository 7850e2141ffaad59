// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/complaint.h"

namespace stas {

std::string Complaint::to_string() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line);
  return out.empty() ? text : out + ": " + text;
}

}  // namespace stas
