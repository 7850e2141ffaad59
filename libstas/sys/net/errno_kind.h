// SPDX-License-Identifier: Apache-2.0
//
// The one table from an errno of a socket to the kind of error it is.
#pragma once

#include "libstas/core/base/result.h"

namespace stas {

// The kind of an errno that came from the network.
ErrorKind network_error_kind(int errnum);

}  // namespace stas
