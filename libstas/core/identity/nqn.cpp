// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/identity/nqn.h"

#include "libstas/core/base/unicode.h"
#include "libstas/core/base/uuid.h"

namespace stas {

bool is_usable_nqn(std::string_view nqn) {
  return !nqn.empty() && nqn.size() <= kMaxNqnLength && !has_control(nqn) && is_valid_utf8(nqn);
}

std::optional<std::string> uuid_of_nqn(std::string_view nqn) {
  if (nqn.substr(0, kUuidNqnPrefix.size()) != kUuidNqnPrefix || !parse_uuid(nqn.substr(kUuidNqnPrefix.size()))) {
    return std::nullopt;
  }
  return std::string(nqn.substr(kUuidNqnPrefix.size()));
}

}  // namespace stas
