// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/sysfs.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libstas/core/base/unicode.h"
#include "libstas/core/identity/nqn.h"
#include "libstas/sys/os/descriptors.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

namespace {

using DirPtr = std::unique_ptr<DIR, int (*)(DIR*)>;

std::string class_directory(const KernelPaths& paths) { return paths.sys + "/class/nvme"; }

int open_controller(const KernelPaths& paths, const std::string& name) {
  // /sys/class/nvme/nvme3 is a symbolic link; following it leads to the directory whose inode counts.
  return open((class_directory(paths) + "/" + name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

// Trimmed and fit for the journal and the bus: model and serial come from the controller.
std::string clean(std::string_view raw) {
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\0'; };
  while (!raw.empty() && blank(raw.back())) raw.remove_suffix(1);
  while (!raw.empty() && blank(raw.front())) raw.remove_prefix(1);
  return printable(raw);
}

// "(efault)" is what the kernel prints for names it does not know yet.
void drop_placeholder(std::string& text) {
  if (text == "none" || text == "(efault)" || text == "(null)") text.clear();
}

// Attributes of one controller directory. A shortage of our own makes the whole answer unusable.
class Attributes {
 public:
  explicit Attributes(int dir) : dir_(dir) {}

  std::string raw(const char* name) {
    const UniqueFd fd(openat(dir_, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0) {
      note(errno);
      return {};
    }
    char buffer[kMaxAttribute];
    const ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got < 0) {
      note(errno);
      return {};
    }
    return clean(std::string_view(buffer, static_cast<std::size_t>(got)));
  }

  std::string value(const char* name) {
    auto text = raw(name);
    drop_placeholder(text);
    return text;
  }

  // Namespaces (nvme0n1, nvme0c0n1, ng0n1) and hwmon exist only below I/O controllers.
  bool has_child_devices() {
    const int copy = openat(dir_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const DirPtr list(copy < 0 ? nullptr : fdopendir(copy), closedir);
    if (!list) {
      note(errno);
      if (copy >= 0) close(copy);
      return false;
    }
    while (const dirent* entry = readdir(list.get())) {
      const std::string_view name = entry->d_name;
      if (entry->d_type != DT_DIR) continue;
      if (name.starts_with("nvme") || name.starts_with("ng") || name.starts_with("hwmon")) return true;
    }
    return false;
  }

  int shortage() const { return shortage_; }

 private:
  void note(int errnum) {
    if (is_shortage(errnum)) shortage_ = errnum;
  }
  int dir_;
  int shortage_ = 0;
};

std::uint64_t inode_of(int fd) {
  struct stat st {};
  return fstat(fd, &st) == 0 ? static_cast<std::uint64_t>(st.st_ino) : 0;
}

tl::unexpected<Error> cannot(const std::string& what, int errnum) {
  const bool gone = errnum == ENOENT || errnum == ENODEV || errnum == ENOTDIR;
  const bool denied = errnum == EACCES || errnum == EPERM;
  const auto kind = gone ? ErrorKind::not_found : denied ? ErrorKind::permission : ErrorKind::io;
  return fail(kind, what + ": " + std::strerror(errnum), errnum);
}

tl::unexpected<Error> another_bearer(const DeviceRef& ref) {
  return fail(ErrorKind::not_found, ref.name + ": the connection is gone, the name now belongs to another one");
}

unsigned number_of(const std::string& name) {
  unsigned number = 0;
  std::from_chars(name.data() + 4, name.data() + name.size(), number);
  return number;
}

}  // namespace

bool is_controller_name(std::string_view name) {
  if (name.size() < 5 || name.size() > 14 || !name.starts_with("nvme")) return false;
  name.remove_prefix(4);
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void parse_address_attribute(std::string_view text, Device& device) {
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto pair = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const auto key = pair.substr(0, equals);
    std::string value = clean(pair.substr(equals + 1));
    drop_placeholder(value);
    if (key == "traddr")
      device.traddr = std::move(value);
    else if (key == "trsvcid")
      device.trsvcid = std::move(value);
    else if (key == "host_traddr")
      device.host_traddr = std::move(value);
    else if (key == "host_iface")
      device.host_iface = std::move(value);
    else if (key == "src_addr")
      device.src_addr = std::move(value);
  }
}

Result<Device> read_device(const KernelPaths& paths, const std::string& name, KindOfInterest interest) {
  if (!is_controller_name(name)) return fail(ErrorKind::invalid_input, "not the name of an NVMe controller");
  const UniqueFd dir(open_controller(paths, name));
  if (dir.get() < 0) return cannot(name, errno);
  Attributes attributes(dir.get());
  Device device;
  device.ref = DeviceRef{name, inode_of(dir.get())};
  device.transport = attributes.value("transport");
  // `address` of a PCIe controller is a bus address; nothing else of it interests us (regressions 19).
  if (device.transport == "pcie") return device;
  device.subsysnqn = attributes.value("subsysnqn");
  device.cntrltype = attributes.value("cntrltype");
  const bool says_its_kind = device.cntrltype == "io" || device.cntrltype == "discovery";
  const bool uninteresting = interest && is_settled(device) && says_its_kind && !is_kind(device, *interest);
  if (uninteresting && attributes.shortage() == 0) return device;
  parse_address_attribute(attributes.raw("address"), device);
  device.hostnqn = attributes.value("hostnqn");
  device.hostid = attributes.value("hostid");
  device.dctype = attributes.raw("dctype");  // "none" is a value here
  device.dctype_untold = device.dctype.empty();
  device.state = attributes.value("state");
  device.model = attributes.value("model");
  device.serial = attributes.value("serial");
  if (device.cntrltype.empty()) device.has_children = attributes.has_child_devices();
  if (attributes.shortage() != 0) return cannot(name + ": attributes", attributes.shortage());
  return device;
}

std::string read_state(const KernelPaths& paths, const std::string& name) {
  const UniqueFd dir(is_controller_name(name) ? open_controller(paths, name) : -1);
  return dir.get() < 0 ? std::string() : Attributes(dir.get()).value("state");
}

Result<std::vector<Device>> scan_devices(const KernelPaths& paths, KindOfInterest interest) {
  const std::string directory = class_directory(paths);
  const DirPtr list(opendir(directory.c_str()), closedir);
  if (!list) {
    const int errnum = errno;
    // The class is made by the nvme driver: where only it is missing, there is no controller.
    if (errnum == ENOENT && access((paths.sys + "/class").c_str(), F_OK) == 0) return std::vector<Device>();
    return cannot(directory, errnum);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(list.get())) {
    if (is_controller_name(entry->d_name)) names.emplace_back(entry->d_name);
    if (names.size() > kMaxDevices) return fail(ErrorKind::busy, directory + ": more than 65536 controllers");
    errno = 0;
  }
  if (errno != 0) return cannot(directory, errno);
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return number_of(a) < number_of(b); });
  std::vector<Device> devices;
  devices.reserve(names.size());
  for (const auto& name : names) {
    auto device = read_device(paths, name, interest);
    if (device) {
      devices.push_back(std::move(*device));
    } else if (device.error().kind != ErrorKind::not_found) {
      // Readers of a scan take what is missing for gone, so a controller that could not be read must not be left out.
      return tl::unexpected(device.error());
    }
  }
  return devices;
}

Result<void> check_incarnation(const KernelPaths& paths, const DeviceRef& ref) {
  if (!is_controller_name(ref.name)) return fail(ErrorKind::invalid_input, "not the name of an NVMe controller");
  const UniqueFd dir(open_controller(paths, ref.name));
  if (dir.get() < 0) return cannot(ref.name, errno);
  if (inode_of(dir.get()) != ref.incarnation) return another_bearer(ref);
  return {};
}

Result<void> delete_device(const KernelPaths& paths, const DeviceRef& ref) {
  if (!is_controller_name(ref.name)) return fail(ErrorKind::invalid_input, "not the name of an NVMe controller");
  const UniqueFd dir(open_controller(paths, ref.name));
  if (dir.get() < 0) return cannot(ref.name, errno);
  if (inode_of(dir.get()) != ref.incarnation) return another_bearer(ref);
  const auto transport = Attributes(dir.get()).value("transport");
  if (transport.empty() || transport == "pcie") {
    return fail(ErrorKind::not_supported, ref.name + ": not a fabrics connection, left alone");
  }
  // Through the open directory: if the controller goes away now, this fails instead of hitting its successor.
  const UniqueFd file(openat(dir.get(), "delete_controller", O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return cannot(ref.name + ": delete_controller", errno);
  if (write(file.get(), "1", 1) < 0) {
    const int errnum = errno;
    if (errnum == EBUSY) return fail(ErrorKind::busy, ref.name + ": its first connect has not finished yet", errnum);
    return cannot(ref.name + ": delete_controller", errnum);
  }
  return {};
}

}  // namespace stas
