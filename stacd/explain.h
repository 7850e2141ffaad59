// SPDX-License-Identifier: Apache-2.0
//
// Why a controller is connected, or is not: everything that the table, the configuration and the devices say about what
// somebody asks for by its NQN, transport ID, device or address. A view of what decides; it decides nothing itself, and
// changes nothing. Pure.
#pragma once

#include <string_view>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/explanation.h"
#include "stacd/connector.h"

namespace stas {

// `question`: core/brain/question.h
Answer explain(const Connector& brain, std::string_view question, const ConfigFiles& files, Instant now);

}  // namespace stas
