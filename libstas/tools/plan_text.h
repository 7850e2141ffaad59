// SPDX-License-Identifier: Apache-2.0
//
// A plan (core/brain/plan) as it is printed: for people as a table, for programs as JSON, with an exit status for
// scripts that ask before they reload.
#pragma once

#include <optional>

#include "libstas/core/base/json.h"
#include "libstas/core/base/result.h"
#include "libstas/tools/ctl_output.h"

namespace stas {

// `plan`: the members of `plan` of org.nvmexpress.stac(5). Exit status: 0 nothing to do, 2 something changes, 3
// something would be disconnected; 1 there is no plan.
CtlPrint print_plan(const Json& plan, std::optional<OutputFormat> format);
// The same, on standard output and standard error; returns the exit status.
int show_plan(const Result<Json>& plan);

}  // namespace stas
