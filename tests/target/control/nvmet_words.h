// SPDX-License-Identifier: Apache-2.0
//
// The words of nvmet's saved JSON that are not those of our own. Internal to its reader and writer.
#pragma once

#include "tests/target/control/json_words.h"

namespace stas::target {

inline constexpr Words<Treq> kNvmetTreqs{{"not specified", Treq::not_specified},
                                         {"notspecified", Treq::not_specified},
                                         {"required", Treq::required},
                                         {"not required", Treq::not_required}};
inline constexpr char kNoUuid[] = "00000000-0000-0000-0000-000000000000";

}  // namespace stas::target
