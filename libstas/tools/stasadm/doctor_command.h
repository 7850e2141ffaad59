// SPDX-License-Identifier: Apache-2.0
//
// stasadm doctor: what keeps this host from connecting, or will, with what to do about it; for people, or as JSON with
// a format that has a version. Changes nothing.
#pragma once

#include <string>

#include "libstas/core/doctor/finding.h"
#include "libstas/sys/os/cli.h"

namespace stas {

CliCommand doctor_command();

// Exit statuses: 0 nothing above a note, 1 a warning, 2 a problem (and a wrong command line).
int run_doctor(const CliRun& run);

// What is printed. `root`: is there nothing left out that only root may see?
std::string doctor_text(const doctor::Findings& findings, bool root);
std::string doctor_json(const doctor::Findings& findings, bool root);

}  // namespace stas
