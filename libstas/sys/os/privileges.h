// SPDX-License-Identifier: Apache-2.0
//
// What a process that was started as root gives up for good (capabilities(7)). systemd's sandbox takes the same away;
// so it does not depend on being started by it.
#pragma once

#include <initializer_list>

#include "libstas/core/base/result.h"

namespace stas {

// Capabilities by their numbers (linux/capability.h). Of what this process has, only these stay, and nothing that is
// executed gets more. Concerns the calling thread and those it starts: call it before there are others. A process
// without privileges loses nothing and is no error.
Result<void> keep_only(std::initializer_list<int> capabilities);

}  // namespace stas
