// SPDX-License-Identifier: Apache-2.0
//
// The facts that `stasadm doctor` judges (core/doctor), from the files of this host or of a tree (`root`): nothing is
// started, nothing is written, no connection is made. Bounded, and no secret is kept.
#pragma once

#include <string>

#include "libstas/core/doctor/facts.h"

namespace stas::doctor {

// `root`: "" for this host; else a directory in the place of "/", and what only the running kernel knows is absent.
// What cannot be read is absent as well.
Facts collect(const std::string& root);

}  // namespace stas::doctor
