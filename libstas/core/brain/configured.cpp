// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/configured.h"

#include <utility>

#include "libstas/core/config/filter.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

bool is_named(const ControllerLine& line) { return is_ip_transport(line.transport) && !IpAddress::parse(line.traddr); }

bool same_or_open(const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; }

}  // namespace

LineTarget target_of(const ControllerLine& line, const CommonConfig& config, const HostIdentity& host,
                     const NameBook& names, const std::string& default_nqn) {
  LineTarget target{
      {line.transport, line.traddr, line.trsvcid, line.subsysnqn.empty() ? default_nqn : line.subsysnqn,
       line.host_traddr, config.ignore_iface ? std::string() : line.host_iface, line.host_nqn.value_or(host.nqn)},
      true,
      nullptr};
  if (!is_named(line)) return target;
  target.excluded = first_match(config.excludes, Tid(target.fields));
  if (auto address = names.address(line.traddr)) {
    target.fields.traddr = *std::move(address);
  } else {
    target.resolved = false;
  }
  return target;
}

bool could_mean(const TidFields& line, const Tid& tid) {
  const Tid canonical(line);
  // The well-known NQN stands for whichever discovery controller is there.
  const bool any = line.subsysnqn == kWellKnownDiscoveryNqn;
  return line.transport == tid.transport() && (any || line.subsysnqn == tid.subsysnqn()) &&
         canonical.trsvcid() == tid.trsvcid() && same_or_open(line.host_iface, tid.host_iface()) &&
         same_or_open(line.host_traddr, tid.host_traddr());
}

const ControllerLine* line_with_any_iface(const Tid& tid, const CommonConfig& config, const HostIdentity& host,
                                          const NameBook& names, const std::string& default_nqn) {
  if (!config.ignore_iface_unclear || !tid.host_iface().empty()) return nullptr;
  for (const ControllerLine& line : config.controllers) {
    if (line.host_iface.empty()) continue;
    TidFields fields = target_of(line, config, host, names, default_nqn).fields;
    fields.host_iface.clear();
    if (!line.host_nqn) fields.host_nqn = tid.host_nqn();
    if (Tid(std::move(fields)) == tid) return &line;
  }
  return nullptr;
}

void prefer_connected(LineTarget& target, const ControllerLine& line, const CommonConfig& config, const NameBook& names,
                      const std::function<bool(const Tid&)>& connected) {
  if (!is_named(line) || !target.resolved) return;
  const auto& addresses = names.addresses(line.traddr);
  if (addresses.size() < 2 || connected(Tid(target.fields))) return;
  for (const std::string& address : addresses) {
    TidFields other = target.fields;
    other.traddr = address;
    const auto parsed = IpAddress::parse(address);
    if (!parsed || !config.families.allows(parsed->family()) || !connected(Tid(other))) continue;
    target.fields = std::move(other);
    return;
  }
}

std::set<std::string> host_names(const CommonConfig& config) {
  std::set<std::string> names;
  for (const auto& line : config.controllers)
    if (is_named(line)) names.insert(line.traddr);
  return names;
}

HostIdentity identity_for(const HostIdentity& system, const Tid& tid, const ControllerLine* line) {
  HostIdentity host = system;
  if (tid.host_nqn().empty() || tid.host_nqn() == system.nqn) return host;
  host.nqn = tid.host_nqn();
  if (line != nullptr && line->host_id) {
    host.id = *line->host_id;
  } else if (auto uuid = uuid_of_nqn(host.nqn)) {
    host.id = *std::move(uuid);
  }
  return host;
}

std::string told_host_id(const HostIdentity& host) {
  return "The host ID is " + host.id +
         " now; existing connections keep the one they were made with, and the kernel may refuse new ones beside them "
         "until they are disconnected";
}

}  // namespace stas
