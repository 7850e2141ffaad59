// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/boot.h"

#include <algorithm>
#include <utility>

#include "libstas/core/identity/address.h"

namespace stas {

namespace {

bool same_controller(const ControllerLine& a, const ControllerLine& b) {
  return a.transport == b.transport && a.traddr == b.traddr && a.trsvcid == b.trsvcid && a.subsysnqn == b.subsysnqn &&
         a.host_iface == b.host_iface && a.host_nqn == b.host_nqn;
}

}  // namespace

std::string interface_now(const NbftInterface& interface, const Interfaces& interfaces) {
  std::vector<const Interface*> candidates;
  for (const Interface& one : interfaces)
    if (one.mac == interface.mac) candidates.push_back(&one);
  if (candidates.size() > 1)
    std::erase_if(candidates, [&](const Interface* one) {
      return !interface.address || std::ranges::find(one->addresses, *interface.address) == one->addresses.end();
    });
  return candidates.size() == 1 ? candidates.front()->name : std::string();
}

std::vector<ControllerLine> boot_lines(const std::vector<Nbft>& tables, ControllerKind kind,
                                       const Interfaces& interfaces) {
  std::vector<ControllerLine> lines;
  int number = 0;
  for (const Nbft& table : tables) {
    const auto& entries = kind == ControllerKind::io ? table.subsystems : table.discovery_controllers;
    for (const NbftController& entry : entries) {
      ControllerLine line;
      line.transport = entry.transport;
      line.traddr = entry.traddr;
      line.trsvcid = entry.trsvcid;
      line.subsysnqn = entry.nqn;
      if (entry.interface && entry.transport == Transport::tcp)
        line.host_iface = interface_now(*entry.interface, interfaces);
      if (!table.host_nqn.empty()) line.host_nqn = table.host_nqn;
      if (!table.host_nqn.empty() && !table.host_id.empty()) line.host_id = table.host_id;
      if (entry.hdr_digest) line.options.hdr_digest = true;
      if (entry.data_digest) line.options.data_digest = true;
      line.line = -++number;
      if (std::ranges::none_of(lines, [&](const auto& known) { return same_controller(known, line); }))
        lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::vector<ConfigDoubt> boot_doubts(const Nbft& table, const std::string& path) {
  std::vector<ConfigDoubt> doubts;
  for (const NbftLeftOut& entry : table.left_out) {
    if (!entry.io) continue;
    ConfigDoubt doubt;
    doubt.file = path;
    doubt.text = entry.text;
    if (!entry.traddr.empty()) doubt.traddr = entry.traddr;
    if (!entry.nqn.empty()) doubt.subsysnqn = entry.nqn;
    doubts.push_back(std::move(doubt));
  }
  return doubts;
}

void set_boot(CommonConfig& config, const BootEntries& entries) {
  std::erase_if(config.controllers, [](const ControllerLine& line) { return line.is_boot(); });
  config.controllers.insert(config.controllers.end(), entries.lines.begin(), entries.lines.end());
  config.boot_doubts = entries.doubts;
}

bool leads_to(const ControllerLine& line, const Tid& tid) {
  return line.subsysnqn == tid.subsysnqn() && line.transport == tid.transport() && line.trsvcid == tid.trsvcid() &&
         same_ip(line.traddr, tid.traddr());
}

}  // namespace stas
