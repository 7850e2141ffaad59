// SPDX-License-Identifier: Apache-2.0
//
// The facts that `stasadm doctor` judges (core/doctor), from the files of this host or of a tree (`root`): nothing is
// started, nothing is written, and no connection is made unless try_controllers() is called. Bounded, and no secret is
// kept.
#pragma once

#include <chrono>
#include <string>

#include "libstas/core/doctor/facts.h"

namespace stas::doctor {

// `root`: "" for this host; else a directory in the place of "/", and what only the running kernel knows is absent.
// What cannot be read is absent as well.
Facts collect(const std::string& root);

// Fills facts.reached: opens a TCP connection to each controller with an IP address that the configuration names or the
// kernel has, kMaxReached at most and all at once, and closes it again; nothing is sent. Takes no longer than
// `patience`. What is tried does not depend on rights; blocks the caller.
void try_controllers(Facts& facts, std::chrono::milliseconds patience);

}  // namespace stas::doctor
