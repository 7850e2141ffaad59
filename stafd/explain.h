// SPDX-License-Identifier: Apache-2.0
//
// Why a discovery controller is connected, or is not: everything that its verdict, its sources, the configuration and
// its connection say about what somebody asks for. A view of what decides; it decides nothing itself, and changes
// nothing. Pure.
#pragma once

#include <string_view>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/explanation.h"
#include "stafd/finder.h"

namespace stas {

// `question`: core/brain/question.h; the NQN of a subsystem finds who lists it.
Answer explain(const Finder& brain, std::string_view question, const ConfigFiles& files, Instant now);

}  // namespace stas
