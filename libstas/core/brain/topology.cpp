// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/topology.h"

#include <optional>
#include <utility>

#include "libstas/core/identity/tid_fields.h"

namespace stas {

Json topology_host(const HostIdentity& host) {
  auto json = Json::object();
  json.add("nqn", host.nqn);
  json.add("id", host.id);
  json.add("symname", host.symname);
  return json;
}

Json topology_interfaces(const Interfaces& interfaces) {
  auto json = Json::array();
  for (const Interface& interface : interfaces) {
    auto addresses = Json::array();
    for (const IpAddress& address : interface.addresses) addresses.append(address.to_string());
    auto item = Json::object();
    item.add("name", interface.name);
    item.add("up", interface.up);
    item.add("addresses", std::move(addresses));
    json.append(std::move(item));
  }
  return json;
}

Json topology_identity(const Tid& tid) {
  auto json = Json::object();
  json.add("name", tid.to_string());
  const auto texts = texts_of(tid);
  for (std::size_t i = 0; i < kTidFields.size(); ++i) json.add(std::string(kTidFields[i].key), texts[i]);
  return json;
}

std::string way_to(const Tid& tid, const Device* device, const Interfaces& interfaces) {
  const auto shown = device == nullptr ? std::nullopt : tid_of(*device, interfaces, false);
  if (shown && !shown->host_iface().empty()) return shown->host_iface();
  return tid.host_iface().empty() ? interface_of(interfaces, tid.host_traddr()) : tid.host_iface();
}

}  // namespace stas
