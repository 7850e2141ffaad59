// SPDX-License-Identifier: Apache-2.0
//
// Can this kernel connect at all, over the transports that the configuration asks for, and encrypted if it asks for
// that?
#include <algorithm>
#include <string>
#include <vector>

#include "libstas/core/doctor/facts.h"
#include "libstas/core/doctor/finding.h"

namespace stas::doctor {

namespace {

// Module names, in the order in which they are asked for. TCP is always: whatever mDNS announces is used over it.
std::vector<std::string> wanted_modules(const Facts& facts) {
  std::vector<std::string> names{"nvme_tcp"};
  const auto add = [&](const CommonConfig& config) {
    for (const auto& line : config.controllers) {
      const std::string name = "nvme_" + std::string(to_text(line.transport));
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  };
  add(facts.stafd.value);
  add(facts.stacd.value);
  return names;
}

bool asks_for_tls(const Facts& facts) {
  const auto in = [](const CommonConfig& config) {
    return wants_tls(config.connect) || std::any_of(config.controllers.begin(), config.controllers.end(),
                                                    [](const ControllerLine& line) { return wants_tls(line.options); });
  };
  const auto& matches = facts.stacd.value.matches;
  return in(facts.stafd.value) || in(facts.stacd.value) ||
         std::any_of(matches.begin(), matches.end(), [](const MatchSection& one) { return wants_tls(one.options); });
}

// "instance=-1,...,tls,..."
bool has_option(const std::string& options, const std::string& name) {
  for (std::size_t begin = 0; begin <= options.size();) {
    const auto end = std::min(options.find_first_of(",\n", begin), options.size());
    const auto item = options.substr(begin, end - begin);
    if (item == name || item.rfind(name + "=", 0) == 0) return true;
    begin = end + 1;
  }
  return false;
}

void examine_tls(const Facts& facts, Findings& out) {
  if (!asks_for_tls(facts)) return;
  if (facts.options && !has_option(*facts.options, "tls")) {
    out.push_back({"tls-kernel", Weight::problem, "the configuration asks for TLS, and this kernel's NVMe/TCP has none",
                   "run a kernel of 6.7 or later with CONFIG_NVME_TCP_TLS"});
    return;
  }
  const auto runs = [&](const char* name) {
    return std::any_of(facts.processes.begin(), facts.processes.end(),
                       [&](const Process& process) { return process.name == name; });
  };
  if (facts.processes_known && !runs("tlshd")) {
    out.push_back({"tls-no-tlshd", Weight::problem,
                   "the configuration asks for TLS, and tlshd, which makes the handshake for the kernel, does not run",
                   "install ktls-utils, then: systemctl enable --now tlshd"});
  }
  if (!facts.keys || !facts.root) return;
  if (facts.keys->find(" .nvme:") == std::string::npos) {
    out.push_back({"tls-no-keyring", Weight::problem,
                   "the configuration asks for TLS, and the kernel has no keyring .nvme",
                   "load the module: modprobe nvme_tcp; on older systems put it into tlshd.conf: keyrings=.nvme"});
  } else if (facts.keys->find(" psk ") == std::string::npos) {
    out.push_back({"tls-no-key", Weight::problem, "the configuration asks for TLS, and no TLS key is in the kernel",
                   "insert the key of each pair of host and subsystem, at each boot: nvme check-tls-key --insert ..."});
  }
}

}  // namespace

void examine_kernel(const Facts& facts, Findings& out) {
  for (const auto& name : wanted_modules(facts)) {
    if (!facts.modules_known || facts.modules.count(name) != 0) continue;
    if (facts.modules_on_disk.count(name) == 0) {
      out.push_back({"module-missing", Weight::problem, "this kernel (" + facts.release + ") has no module " + name,
                     "install the package that has the kernel's extra modules, or a kernel that has it"});
    } else {
      out.push_back({"module-not-loaded", Weight::note, "the module " + name + " is not loaded",
                     "nothing: the units, or the first connection, load it; by hand: modprobe " + name});
    }
  }
  if (facts.fabrics_device && !*facts.fabrics_device) {
    out.push_back({"no-fabrics-device", Weight::problem, "there is no /dev/nvme-fabrics, so nothing can be connected",
                   "modprobe nvme_fabrics; in a container the device has to be passed in"});
  }
  examine_tls(facts, out);
}

}  // namespace stas::doctor
