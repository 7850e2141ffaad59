// SPDX-License-Identifier: Apache-2.0
//
// stasadm convert: files in, files out, and what has no counterpart on standard error. Keys go into the files, never
// into a message; nothing is overwritten unless that is asked for, and nothing is written before all is read.
#pragma once

#include "libstas/sys/os/cli.h"

namespace stas {

CliCommand convert_command();

// Exit statuses beside 2 for a wrong command line.
inline constexpr int kConvertRefused = 1;  // nothing was written
inline constexpr int kConvertLossy = 3;    // converted, and standard error says what is lost or doubtful
int run_convert(const CliRun& run);

}  // namespace stas
