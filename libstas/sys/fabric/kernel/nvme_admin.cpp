// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/nvme_admin.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <libnvme.h>

#include "libstas/sys/os/unique_fd.h"

namespace stas {

namespace {

constexpr int kStatusMask = 0x7ff;  // status code type and status code
constexpr int kDnr = 0x4000;
constexpr int kInvalidOpcode = 0x001;
constexpr int kInvalidField = 0x002;
constexpr int kHostPathError = 0x370;

// Shared, because both functions of a session use the one descriptor.
struct Controller {
  UniqueFd fd;
  std::string name;
};

Error system_error(const std::string& what, int errnum) {
  ErrorKind kind = ErrorKind::io;
  if (errnum == ENODEV || errnum == ENOENT || errnum == ENXIO) kind = ErrorKind::not_found;
  if (errnum == EACCES || errnum == EPERM) kind = ErrorKind::permission;
  if (errnum == EINTR || errnum == ETIMEDOUT) kind = ErrorKind::timed_out;
  if (errnum == ENOTTY) kind = ErrorKind::not_supported;
  return Error{kind, errnum, what + ": " + std::strerror(errnum)};
}

Result<std::string> get_log(const Controller& controller, const LogReader::Read& read) {
  std::string data(read.length, '\0');
  std::uint32_t result = 0;
  nvme_get_log_args args{};
  args.lpo = read.offset;
  args.result = &result;
  args.log = data.data();
  args.args_size = sizeof args;
  args.fd = controller.fd.get();
  args.timeout = kAdminTimeoutMs;
  args.lid = static_cast<nvme_cmd_get_log_lid>(read.lid);
  args.len = read.length;
  args.nsid = NVME_NSID_NONE;
  args.csi = NVME_CSI_NVM;
  args.lsi = NVME_LOG_LSI_NONE;
  args.lsp = read.lsp;
  args.uuidx = NVME_UUID_NONE;
  args.rae = read.rae;
  const int status = nvme_get_log(&args);
  if (status == 0) return data;
  char what[64];
  std::snprintf(what, sizeof what, ": Get Log Page %02Xh", read.lid);
  if (status < 0) return tl::unexpected(system_error(controller.name + what, errno));
  return tl::unexpected(status_error(controller.name + what, status));
}

Result<std::string> dim_send(const Controller& controller, DimTask task, std::string data) {
  const std::string what = controller.name + (task == DimTask::deregister ? ": DIM deregister" : ": DIM register");
  std::uint32_t result = 0;
  nvme_dim_args args{};
  args.result = &result;
  args.data = data.data();
  args.args_size = sizeof args;
  args.fd = controller.fd.get();
  args.timeout = kAdminTimeoutMs;
  args.data_len = static_cast<std::uint32_t>(data.size());
  args.tas = static_cast<nvmf_dim_tas>(task);
  const int status = nvme_dim_send(&args);
  if (status < 0) return tl::unexpected(system_error(what, errno));
  if ((status & kStatusMask) == kHostPathError) {
    return tl::unexpected(status_error(what, status));
  }
  return status == 0 ? std::string() : status_words(status);
}

Result<std::string> dctype(const Controller& controller) {
  const std::string what = controller.name + ": Identify Controller";
  nvme_id_ctrl identity{};
  std::uint32_t result = 0;
  nvme_identify_args args{};
  args.result = &result;
  args.data = &identity;
  args.args_size = sizeof args;
  args.fd = controller.fd.get();
  args.timeout = kAdminTimeoutMs;
  args.cns = NVME_IDENTIFY_CNS_CTRL;
  args.csi = NVME_CSI_NVM;
  args.nsid = NVME_NSID_NONE;
  args.cntid = NVME_CNTLID_NONE;
  args.cns_specific_id = NVME_CNSSPECID_NONE;
  args.uuidx = NVME_UUID_NONE;
  const int status = nvme_identify(&args);
  if (status < 0) return tl::unexpected(system_error(what, errno));
  if (status > 0) return tl::unexpected(status_error(what, status));
  if (identity.dctype == NVME_CTRL_DCTYPE_DDC) return "ddc";
  return identity.dctype == NVME_CTRL_DCTYPE_CDC ? "cdc" : "none";
}

}  // namespace

std::string status_words(int status) {
  const int code = status & kStatusMask;
  // libnvme 1.3 has no words for these.
  const char* words = nullptr;
  if (code == kHostPathError) words = "the connection to the controller is down at the moment";
  if (code == 0x12f) words = "Invalid Discovery Information";
  if (code == 0x132) words = "Insufficient Discovery Resources";
  if (words == nullptr) words = nvme_status_to_string(code, false);
  char hex[16];
  std::snprintf(hex, sizeof hex, " (%03Xh)", static_cast<unsigned>(code));
  return std::string(words) + hex;
}

Error status_error(const std::string& what, int status) {
  const int code = status & kStatusMask;
  const ErrorKind kind = (status & kDnr) != 0 ? ErrorKind::refused : ErrorKind::rejected;
  const int errnum = code == kInvalidField || code == kInvalidOpcode ? EINVAL : 0;
  return Error{kind, errnum, what + ": " + status_words(status)};
}

Result<AdminSession> open_admin(const std::string& path, const std::string& name) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return tl::unexpected(system_error(name, errno));
  const auto controller = std::make_shared<const Controller>(Controller{std::move(fd), name});
  AdminSession session;
  session.get_log = [controller](const LogReader::Read& read) { return get_log(*controller, read); };
  session.dim_send = [controller](DimTask task, const std::string& data) { return dim_send(*controller, task, data); };
  session.dctype = [controller] { return dctype(*controller); };
  return session;
}

std::string libnvme_version() { return nvme_get_version(NVME_VERSION_PROJECT); }

}  // namespace stas
