// SPDX-License-Identifier: Apache-2.0
//
// The bytes and the socket of one probe (probe.h): opening it with the wanted source, the ICReq to send, and judging
// what comes back (NVMe/TCP transport specification, ICReq and ICResp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"
#include "libstas/sys/net/probe_target.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

inline constexpr std::size_t kIcPduSize = 128;

std::string icreq_pdu();

// `pdu` has kIcPduSize bytes, or fewer if that is all that came. Says why it is no ICResp.
Result<void> check_icresp(std::string_view pdu);

// A non-blocking socket whose connect has begun.
Result<UniqueFd> begin_probe_connect(const ProbeTarget& target);

// How that connect ended; call when the socket is writable.
Result<void> probe_connect_result(int fd, const ProbeTarget& target);

Error probe_error(const ProbeTarget& target, const std::string& doing, int errnum);

}  // namespace stas
