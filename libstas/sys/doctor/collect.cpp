// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/doctor/collect.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include <fcntl.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libstas/core/base/text.h"
#include "libstas/sys/doctor/tree.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas::doctor {

namespace {

// Newer kernels print their connect options to whoever reads the device. It takes no connect for that.
std::optional<std::string> connect_options(const Tree& tree) {
  const UniqueFd fd(open(tree.path("/dev/nvme-fabrics").c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::nullopt;
  std::array<char, 4096> text{};
  const ssize_t n = read(fd.get(), text.data(), text.size());
  if (n <= 0) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(n));
}

std::set<std::string> modules_on_disk(const Tree& tree, const std::string& release) {
  std::set<std::string> found;
  for (const char* root : {"/lib/modules/", "/usr/lib/modules/"}) {
    const std::string host = root + release + "/kernel/drivers/nvme/host";
    for (auto name : tree.names(host, 64)) {
      name.erase(std::min(name.find('.'), name.size()));
      for (char& c : name) c = c == '-' ? '_' : c;
      found.insert(std::move(name));
    }
  }
  return found;
}

// The ends of the paths are those of the modules: "kernel/drivers/nvme/host/nvme-tcp.ko".
void add_built_in(const Tree& tree, const std::string& release, std::set<std::string>& modules) {
  for (const char* root : {"/lib/modules/", "/usr/lib/modules/"}) {
    const std::string list = tree.text(root + release + "/modules.builtin");
    for (const char* name : {"nvme-fabrics", "nvme-tcp", "nvme-rdma", "nvme-fc"}) {
      if (list.find(std::string("/") + name + ".ko") == std::string::npos) continue;
      std::string module = name;
      module[4] = '_';
      modules.insert(std::move(module));
    }
  }
}

}  // namespace

void collect_kernel(const Tree& tree, Facts& facts) {
  facts.release = tree.line("/proc/sys/kernel/osrelease");
  // An image has no devices.
  if (tree.exists("/dev/null")) facts.fabrics_device = tree.exists("/dev/nvme-fabrics");
  for (const auto& name : tree.names("/sys/module", 4096))
    if (name.starts_with("nvme")) facts.modules.insert(name);
  facts.modules_known = tree.exists("/sys/module") && !facts.release.empty();
  facts.modules_on_disk = modules_on_disk(tree, facts.release);
  add_built_in(tree, facts.release, facts.modules);
  if (tree.is_this_host()) facts.options = connect_options(tree);
  if (tree.exists("/proc/keys")) facts.keys = tree.text("/proc/keys");
}

Facts collect(const std::string& root) {
  const Tree tree(root);
  Facts facts;
  facts.root = geteuid() == 0;
  if (tree.is_this_host()) {
    facts.now = std::time(nullptr);
    timex clock{};
    if (const int state = adjtimex(&clock); state >= 0) facts.clock_synchronized = (clock.status & STA_UNSYNC) == 0;
  }
  collect_kernel(tree, facts);
  collect_identity(tree, facts);
  collect_neighbours(tree, facts);
  collect_network(tree, facts);
  return facts;
}

}  // namespace stas::doctor
