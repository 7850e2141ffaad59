// SPDX-License-Identifier: Apache-2.0
//
// The cryptography of DH-HMAC-CHAP by OpenSSL's libcrypto, which is loaded when a controller demands authentication for
// the first time: the daemons are half as large without it, and with the kernel's host they never need it.
#pragma once

#include "libstas/nvme_tcp/dhchap.h"

namespace stas {

// One for the process; loads nothing by itself. Where the library cannot be loaded, every operation fails with
// not_supported and says which file is missing. Any thread.
const nvme_tcp::DhchapCrypto& libcrypto();

}  // namespace stas
