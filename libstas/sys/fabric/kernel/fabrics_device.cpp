// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/fabrics_device.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libstas/sys/fabric/kernel/connect_error.h"
#include "libstas/sys/fabric/kernel/connect_string.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

namespace {

constexpr std::size_t kMaxReply = 256;

std::string device_path(const KernelPaths& paths) { return paths.dev + "/nvme-fabrics"; }

// The kernel says EINVAL to a transport whose module it could not load.
std::optional<Error> missing_module(const KernelPaths& paths, const Connect& connect) {
  const Transport transport = connect.tid.transport();
  if (!is_ip_transport(transport)) return std::nullopt;  // the others may be built in and then show no directory
  const std::string name(to_text(transport));
  if (access((paths.sys + "/module/nvme_" + name).c_str(), F_OK) == 0) return std::nullopt;
  return Error{ErrorKind::not_supported, EINVAL,
               connect.tid.to_string() + ": cannot connect: the kernel module nvme-" + name +
                   " is not loaded and the kernel could not load it (modprobe nvme-" + name + " says why)"};
}

}  // namespace

SupportedOptions options_of_running_kernel() {
  utsname name{};
  return SupportedOptions::for_release(uname(&name) == 0 ? name.release : "");
}

Result<SupportedOptions> read_supported_options(const KernelPaths& paths) {
  const std::string path = device_path(paths);
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return tl::unexpected(fabrics_open_error(path, errno));
  char buffer[kMaxOptionsLine];
  const ssize_t got = read(fd.get(), buffer, sizeof buffer);
  if (got < 0) {
    if (errno == EINVAL) return options_of_running_kernel();
    return fail(ErrorKind::io, path + ": cannot read the supported options: " + std::strerror(errno), errno);
  }
  auto options = SupportedOptions::parse(std::string_view(buffer, static_cast<std::size_t>(got)));
  if (!options.has("transport") || !options.has("nqn")) return options_of_running_kernel();
  return options;
}

Result<std::string> parse_fabrics_reply(std::string_view reply) {
  constexpr std::string_view kKey = "instance=";
  const auto at = reply.find(kKey);
  unsigned instance = 0;
  if (at != std::string_view::npos) {
    const auto digits = reply.substr(at + kKey.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), instance);
    if (error == std::errc() && end != digits.data()) return "nvme" + std::to_string(instance);
  }
  return fail(ErrorKind::protocol, "connected, but the kernel did not say as which controller");
}

Result<std::string> connect_controller(const KernelPaths& paths, const Connect& connect) {
  const auto options = read_supported_options(paths);
  if (!options) return tl::unexpected(options.error());
  const auto made = connect_string(connect, *options);
  if (!made) return tl::unexpected(made.error());
  const std::string& order = made->reveal();
  const std::string path = device_path(paths);
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (fd.get() < 0) return tl::unexpected(fabrics_open_error(path, errno));
  if (write(fd.get(), order.data(), order.size()) < 0) {
    const int errnum = errno;
    if (errnum == EINVAL) {
      if (auto missing = missing_module(paths, connect)) return tl::unexpected(std::move(*missing));
    }
    return tl::unexpected(connect_error(connect, errnum));
  }
  char buffer[kMaxReply];
  const ssize_t got = read(fd.get(), buffer, sizeof buffer);
  return parse_fabrics_reply(std::string_view(buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0))));
}

}  // namespace stas
