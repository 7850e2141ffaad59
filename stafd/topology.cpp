// SPDX-License-Identifier: Apache-2.0
#include "stafd/topology.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libstas/core/brain/topology.h"
#include "libstas/core/discovery/entry_tid.h"

namespace stas {

namespace {

using Listers = std::vector<std::string>;  // names of discovery controllers

Json controllers(const Finder& brain) {
  const Interfaces& interfaces = brain.devices().interfaces();
  auto json = Json::array();
  for (const Dc& dc : brain.controllers()) {
    const Device* device = dc.device ? brain.devices().find(*dc.device) : nullptr;
    auto item = topology_identity(dc.tid);
    item.add("origin", dc.origin_text());
    item.add("page known", dc.page_known);
    item.add("device", dc.device ? dc.device->name : std::string());
    item.add("state", brain.state_of(dc));
    item.add("interface", way_to(dc.tid, device, interfaces));
    json.append(std::move(item));
  }
  return json;
}

Json path(const Tid& tid, const Listers& listers, const Interfaces& interfaces) {
  auto json = topology_identity(tid);
  json.add("verdict", "listed");
  json.add("interface", way_to(tid, nullptr, interfaces));
  auto dcs = Json::array();
  for (const auto& name : listers) dcs.append(name);
  json.add("discovery controllers", std::move(dcs));
  return json;
}

Json subsystems(const Finder& brain) {
  std::map<std::string, std::map<Tid, Listers>> listed;
  for (const Dc& dc : brain.controllers())
    for (const Dlpe& entry : dc.entries) {
      if (entry.subtype != kDlpSubtypeNvme) continue;
      if (const auto tid = tid_of_entry(entry, dc.tid, brain.config()->ignore_iface))
        listed[entry.subnqn][*tid].push_back(dc.tid.to_string());
    }
  auto json = Json::array();
  for (const auto& [nqn, paths] : listed) {
    auto list = Json::array();
    for (const auto& [tid, listers] : paths) list.append(path(tid, listers, brain.devices().interfaces()));
    auto subsystem = Json::object();
    subsystem.add("subsysnqn", nqn);
    subsystem.add("paths", std::move(list));
    json.append(std::move(subsystem));
  }
  return json;
}

}  // namespace

Json topology(const Finder& brain) {
  auto json = Json::object();
  if (brain.config() == nullptr) return json;
  json.add("host", topology_host(*brain.host()));
  json.add("interfaces", topology_interfaces(brain.devices().interfaces()));
  json.add("discovery controllers", controllers(brain));
  json.add("subsystems", subsystems(brain));
  return json;
}

}  // namespace stas
