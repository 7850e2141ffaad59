// SPDX-License-Identifier: Apache-2.0
#include "stacd/topology.h"

#include <map>
#include <unordered_set>
#include <utility>

#include "libstas/core/brain/explanation.h"
#include "libstas/core/brain/topology.h"

namespace stas {

namespace {

class Map {
 public:
  Map(const Connector& brain, const std::string& conf_file, Instant now)
      : brain_(brain), conf_file_(conf_file), table_(brain.table_at(now)), devices_(brain.devices()) {}

  Json build() {
    for (const Row& row : table_.rows) add(row);
    add_others();
    auto subsystems = Json::array();
    for (auto& [nqn, paths] : by_nqn_) {
      auto subsystem = Json::object();
      subsystem.add("subsysnqn", nqn);
      subsystem.add("paths", std::move(paths));
      subsystems.append(std::move(subsystem));
    }
    auto json = Json::object();
    json.add("host", topology_host(*brain_.host()));
    json.add("interfaces", topology_interfaces(devices_.interfaces()));
    json.add("discovery controllers", dcs());
    json.add("subsystems", std::move(subsystems));
    return json;
  }

 private:
  Json dcs() const {
    auto json = Json::array();
    for (std::size_t i = 0; i < brain_.staf().size(); ++i) {
      const StafDc& dc = brain_.staf().dc(i);
      auto item = topology_identity(dc.tid);
      item.add("origin", dc.origin);
      item.add("page known", dc.page_known);
      item.add("interface", way_to(dc.tid, nullptr, devices_.interfaces()));
      json.append(std::move(item));
    }
    return json;
  }

  // What is refused and not connected is no path.
  void add(const Row& row) {
    const Ioc* ioc = brain_.find(row.tid);
    const DeviceRef* ref = ioc == nullptr ? nullptr : brain_.device_of(*ioc);
    if (row.standing == Standing::refused && !row.waits() && ref == nullptr) return;
    const Device* device = ref == nullptr ? nullptr : devices_.find(*ref);
    Json path = this->path(row.tid, device, row.waits() ? "waiting" : to_text(row.standing));
    path.set("device", ref == nullptr ? std::string() : ref->name);
    path.add("configured", row.line == nullptr ? std::string() : place(conf_file_, row.line->line));
    auto dcs = Json::array();
    for (const StafDc* dc : row.dcs) dcs.append(dc->tid.to_string());
    path.add("discovery controllers", std::move(dcs));
    add_path(row.tid.subsysnqn(), std::move(path));
  }

  // Connections to subsystems that are nobody's of ours.
  void add_others() {
    std::unordered_set<std::string> ours;
    for (const Ioc& ioc : brain_.controllers())
      if (ioc.device) ours.insert(ioc.device->name);
    for (const auto& [name, device] : devices_.all()) {
      if (ours.contains(name) || !is_kind(device, ControllerKind::io)) continue;
      const auto tid = tid_of(device, devices_.interfaces(), false);
      if (!tid) continue;
      Json path = this->path(*tid, &device, to_text(Standing::foreign));
      path.add("configured", "");
      path.add("discovery controllers", Json::array());
      add_path(tid->subsysnqn(), std::move(path));
    }
  }

  void add_path(const std::string& nqn, Json path) {
    by_nqn_.try_emplace(nqn, Json::array()).first->second.append(std::move(path));
  }

  Json path(const Tid& tid, const Device* device, std::string_view verdict) const {
    Json json = topology_identity(tid);
    json.add("verdict", verdict);
    json.add("device", device == nullptr ? std::string() : device->ref.name);
    json.add("state", path_state(device));
    json.add("interface", way_to(tid, device, devices_.interfaces()));
    return json;
  }

  const Connector& brain_;
  const std::string& conf_file_;
  const Desired table_;
  const DeviceBook& devices_;
  std::map<std::string, Json> by_nqn_;
};

}  // namespace

Json topology(const Connector& brain, const std::string& conf_file, Instant now) {
  return brain.config() == nullptr ? Json::object() : Map(brain, conf_file, now).build();
}

}  // namespace stas
