// SPDX-License-Identifier: Apache-2.0
//
// Who else on this host makes or cuts connections? Two managers undo each other's work.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/shown.h"
#include "libstas/core/doctor/facts.h"
#include "libstas/core/doctor/finding.h"

namespace stas::doctor {

namespace {

const Process* find(const Facts& facts, std::string_view name) {
  const auto it = std::find_if(facts.processes.begin(), facts.processes.end(),
                               [&](const Process& process) { return process.name == name; });
  return it == facts.processes.end() ? nullptr : &*it;
}

// nvme-stas runs as "python3 -u /usr/sbin/stafd": the kernel names it after the script or the interpreter.
bool is_python(const Process& process) {
  const auto first = process.command.substr(0, process.command.find(' '));
  const auto name = first.substr(first.rfind('/') + 1);
  return name.starts_with("python");
}

std::string who(const Process& process) {
  return shown(process.name) + " (process " + std::to_string(process.pid) + ")";
}

void examine_daemons(const Facts& facts, Findings& out) {
  if (!facts.processes_known) return;
  for (const char* daemon : {"stafd", "stacd"}) {
    std::vector<const Process*> ours, pythons;
    for (const auto& process : facts.processes) {
      const auto script = std::string("/") + daemon;
      if (is_python(process) && (process.name == daemon || process.command.find(script) != std::string::npos)) {
        pythons.push_back(&process);
      } else if (process.name == daemon) {
        ours.push_back(&process);
      }
    }
    if (!pythons.empty()) {
      out.push_back({"other-nvme-stas", Weight::problem,
                     std::string("the ") + daemon + " of nvme-stas runs as well (process " +
                         std::to_string(pythons.front()->pid) + ")",
                     std::string("remove nvme-stas, then: systemctl restart ") + daemon});
    } else if (ours.empty()) {
      out.push_back(
          {"not-running", Weight::note, std::string(daemon) + " does not run",
           std::string("systemctl enable --now ") + daemon + "; journalctl -u " + daemon + " tells why it ended"});
    }
  }
  if (const auto* other = find(facts, "nvme-discoverd"); other != nullptr) {
    out.push_back({"other-discoverd", Weight::problem,
                   who(*other) + " of nvme-cli 3 connects what discovery controllers list, as stacd does",
                   "decide for one: systemctl disable --now nvme-discoverd, or stafd and stacd"});
  }
}

}  // namespace

void examine_neighbours(const Facts& facts, Findings& out) {
  examine_daemons(facts, out);
  if (facts.autoconnect_enabled && facts.discovery_conf) {
    out.push_back({"other-autoconnect", Weight::warning,
                   "nvmf-autoconnect.service of nvme-cli connects at boot what its discovery.conf or config.json names",
                   "take the files over, then switch it off: stasadm convert --output-dir /etc/stas "
                   "/etc/nvme/discovery.conf; systemctl disable nvmf-autoconnect.service"});
  }
  const bool ours_in_charge = !facts.stacd.value.udev_rule;
  if (facts.udev_override == UdevOverrideOwner::stafd_of_2_4_1) {
    out.push_back(
        {"udev-left-over", Weight::warning,
         "the stafd of nvme-stas 2.4.1 has left its override of nvme-cli's udev rules behind, which masks all of "
         "them",
         "systemctl restart stacd replaces it"});
  }
  if (ours_in_charge && facts.udev_rules_by_administrator) {
    out.push_back(
        {"udev-by-hand", Weight::note,
         "/etc/udev/rules.d/70-nvmf-autoconnect.rules is used in the place of nvme-cli's rules, and stacd leaves "
         "it alone",
         "if it connects over TCP, it races with stacd: remove it, or write udev-rule=enabled into stacd.conf"});
  }
  for (const auto& file : facts.other_rules) {
    out.push_back(
        {"udev-conflict", Weight::warning, shown(file) + " starts connections from udev, beside stacd",
         "remove it, or take what it connects over TCP out of it; parameters such as ctrl-loss-tmo can be set in "
         "stacd.conf, also for some controllers only ([Match])"});
  }
  if (!ours_in_charge && facts.udev_rules_installed) {
    out.push_back({"udev-enabled", Weight::note, "nvme-cli's udev rules connect beside stacd (udev-rule=enabled)",
                   "unless that is meant, remove the line from " + facts.stacd.path});
  }
}

}  // namespace stas::doctor
