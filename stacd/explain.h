// SPDX-License-Identifier: Apache-2.0
//
// Why a controller is connected, or is not: everything that the table, the configuration and the devices say about what
// somebody asks for by its NQN, transport ID, device or address. A view of what decides; it decides nothing itself, and
// changes nothing. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/time.h"
#include "stacd/connector.h"
#include "stacd/explanation.h"

namespace stas {

// Explained at once; of more, the number is told. Bounds the work, which grows with the rules and pages for each.
inline constexpr std::size_t kMaxExplained = 64;
// Names that are told to whoever asks for one that nobody knows, to find his mistake.
inline constexpr std::size_t kMaxNamesTold = 4096;

struct Answer {
  bool complete = false;  // the configuration was loaded and the devices looked at; else much is not known yet
  std::vector<Explanation> controllers;
  std::size_t more = 0;            // that were left out
  std::vector<std::string> hints;  // what else has the name: rules, doubts, discovery controllers
  std::vector<std::string> names;  // nobody knows it: the names that are known
};

// `question`: an NQN, a transport ID as messages have it (or its beginning), a device, an address or host name, perhaps
// with a port.
Answer explain(const Connector& brain, std::string_view question, const ConfigFiles& files, Instant now);

}  // namespace stas
