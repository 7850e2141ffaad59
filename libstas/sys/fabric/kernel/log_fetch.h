// SPDX-License-Identifier: Apache-2.0
//
// Reads whole log pages of a kernel controller: drives core/discovery/log_reader with admin commands. Blocks, so it
// runs on a worker; gives up when its time is over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/event.h"
#include "libstas/sys/fabric/kernel/nvme_admin.h"

namespace stas {

// Between two commands; a single command is bounded by kAdminTimeoutMs.
inline constexpr Duration kFetchLimit = std::chrono::seconds(60);

// Transfers begin at 1 MiB; where kernel (which knows MDTS) or controller refuses that, smaller ones are tried.
Result<LogPage> fetch_log_page(const AdminSession& session, const std::string& name, bool pleo,
                               std::optional<std::uint64_t> known_genctr, Duration limit = kFetchLimit);

Result<SupportedDlp> fetch_supported_log_pages(const AdminSession& session, const std::string& name);

}  // namespace stas
