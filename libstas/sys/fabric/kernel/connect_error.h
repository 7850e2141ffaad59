// SPDX-License-Identifier: Apache-2.0
//
// What went wrong, in words an operator can act on: the errno of a write to /dev/nvme-fabrics, or of the probe's
// socket. The kernel turns every NVMe status into EIO, so for that one the likely reasons are listed
// (contract 7.4), unless the controller could be asked (connect_inquiry).
#pragma once

#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/brain/action.h"

namespace stas {

// For a failed write of this order's connect string. Never contains a secret.
Error connect_error(const Connect& connect, int errnum);

// Did the controller itself refuse, for a reason that the kernel keeps to its log?
bool is_unexplained(const Error& error);

// The same, when the controller was asked for the reason.
Error connect_error(const Tid& tid, int errnum, const Error& why);

// For a failed open of the fabrics device at `path`.
Error fabrics_open_error(const std::string& path, int errnum);

}  // namespace stas
