// SPDX-License-Identifier: Apache-2.0
//
// Admin commands to a controller of the kernel: Get Log Page, Identify and DIM through libnvme, each with our own
// time-out. The only file that knows libnvme. Everything here blocks, so it is only called on a worker.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/discovery/dim.h"
#include "libstas/core/discovery/log_reader.h"

namespace stas {

// Per command. Long enough for a busy array; shorter than the kernel's own 60 s, which would hold a worker.
inline constexpr std::uint32_t kAdminTimeoutMs = 15000;

// One opened controller, as functions so that tests can play the controller.
struct AdminSession {
  // The data of exactly one Get Log Page command. Error.errnum is EINVAL when the kernel or the controller did not like
  // the command, for instance its length.
  std::function<Result<std::string>(const LogReader::Read&)> get_log;
  // The text is the controller's refusal, empty if it agreed.
  std::function<Result<std::string>(DimTask task, const std::string& data)> dim_send;
  // Of Identify Controller: "none", "ddc" or "cdc", as the kernel prints it.
  std::function<Result<std::string>()> dctype;
};

// `path`: /dev/nvme3; `name` for error texts.
Result<AdminSession> open_admin(const std::string& path, const std::string& name);

// An NVMe status as the driver returns it (code, code type, DNR at bit 14) in words: "Invalid Field in Command (002h)".
std::string status_words(int status);
Error status_error(const std::string& what, int status);

// Version of the libnvme that is loaded, for --version.
std::string libnvme_version();

}  // namespace stas
