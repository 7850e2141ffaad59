// SPDX-License-Identifier: Apache-2.0
//
// The formal definition of an NVMe Qualified Name (NVMe base, NVMe Qualified Names, as SPDK's guide spells it out).
// Real hosts break it, so it is asked for only where the policy says so.
#pragma once

#include <string_view>

namespace stas::target {

/// What is wrong with a name, null if nothing is: `nqn.YYYY-MM.REVERSE.DOMAIN:TEXT`, or the form with a UUID, in at
/// most 223 bytes of UTF-8.
const char* flaw_of_nqn(std::string_view nqn);

}  // namespace stas::target
