// SPDX-License-Identifier: Apache-2.0
//
// The text of one write to /dev/nvme-fabrics, made from an order. Pure. Order and conditions of the options:
// compatibility contract 7.2; which transport takes which: 7.3. Values are not escaped by the kernel, so a value that
// could end itself (comma, control character) is refused here, before anything is asked of anybody.
#pragma once

#include "libstas/core/base/result.h"
#include "libstas/core/base/secret.h"
#include "libstas/core/brain/action.h"
#include "libstas/sys/fabric/kernel/kernel_options.h"

namespace stas {

inline constexpr std::size_t kMaxConnectString = 4096;  // the kernel copies at most one page

// Options that `supported` lacks are left out, except where that would make another connection than the one wanted.
// The result may contain keys; the text of an error never does.
Result<Secret> connect_string(const Connect& connect, const SupportedOptions& supported);

}  // namespace stas
