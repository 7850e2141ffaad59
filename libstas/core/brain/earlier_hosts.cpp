// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/earlier_hosts.h"

#include <utility>

namespace stas {

namespace {

Tid without_host(const Tid& tid) { return with(tid, &TidFields::host_nqn, {}); }

Tid without_source(const Tid& tid) {
  TidFields fields = tid.fields();
  fields.host_nqn.clear();
  fields.host_iface.clear();
  fields.host_traddr.clear();
  return Tid(std::move(fields));
}

}  // namespace

EarlierHosts::EarlierHosts(std::string present, std::set<std::string> earlier)
    : present_(std::move(present)), nqns_(std::move(earlier)) {
  nqns_.insert(present_);
}

void EarlierHosts::add(const Tid& connection, bool works, const std::optional<Tid>& seen) {
  connections_.insert(connection);
  if (works) working_.insert(connection);
  note(by_name_, without_host(connection), connection);
  if (seen) note(by_seen_, without_host(*seen), connection);
  if (is_ip_transport(connection.transport())) note(any_way_, without_source(connection), connection);
}

// Of several the one that was made under the present NQN, and one that works before one that is being reconnected;
// of equals always the same, in whichever order they are told.
void EarlierHosts::note(std::unordered_map<Tid, Tid>& map, Tid key, const Tid& connection) const {
  const auto rank = [&](const Tid& tid) { return std::pair(tid.host_nqn() == present_, working_.contains(tid)); };
  const auto [it, fresh] = map.try_emplace(std::move(key), connection);
  if (fresh || rank(it->second) > rank(connection)) return;
  if (rank(it->second) < rank(connection) || connection < it->second) it->second = connection;
}

const Tid* EarlierHosts::connection_of(const Tid& name) const {
  if (connections_.empty() || !was(name.host_nqn())) return nullptr;
  if (const auto it = connections_.find(name); it != connections_.end()) return &*it;
  const Tid key = without_host(name);
  if (const auto it = by_name_.find(key); it != by_name_.end()) return &it->second;
  const auto other = [&](const std::unordered_map<Tid, Tid>& map) -> const Tid* {
    const auto it = map.find(key);
    return it == map.end() || it->second.host_nqn() == name.host_nqn() ? nullptr : &it->second;
  };
  // Whoever does not say how it leaves this host means any way.
  const bool any = name.host_iface().empty() && name.host_traddr().empty();
  return other(any ? any_way_ : by_seen_);
}

}  // namespace stas
