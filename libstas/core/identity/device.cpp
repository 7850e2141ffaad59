// SPDX-License-Identifier: Apache-2.0
//
// Is this the connection that this Tid means? The answer decides between adopting a connection and making a second one,
// so the rules of the compatibility contract 4.5 are followed row by row; where attributes are missing they lean
// towards "yes" only as far as the contract does.
#include "libstas/core/identity/device.h"

#include <algorithm>

#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

bool owns(const Interface& interface, const IpAddress& address) {
  return std::any_of(interface.addresses.begin(), interface.addresses.end(),
                     [&](const IpAddress& own) { return same_ip(own, address); });
}

const Interface* find_interface(const Interfaces& interfaces, std::string_view name) {
  const auto found = std::find_if(interfaces.begin(), interfaces.end(), [&](const auto& i) { return i.name == name; });
  return found == interfaces.end() ? nullptr : &*found;
}

// The interface a TCP connection leaves through, told by its source address. One address may sit on several interfaces
// (link-local ones often do): then the one that was asked for counts. An address that nobody owns any more tells
// nothing, and the interface that was asked for is the best we know.
std::string source_interface(const Device& device, const Interfaces& interfaces) {
  const auto source = IpAddress::parse(device.src_addr);
  if (!source) return device.host_iface;
  const Interface* asked = device.host_iface.empty() ? nullptr : find_interface(interfaces, device.host_iface);
  if (asked != nullptr && owns(*asked, *source)) return device.host_iface;
  std::string owner = interface_of(interfaces, device.src_addr);
  return owner.empty() ? device.host_iface : owner;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// A connection made without a port shows none; it went to the default one. One made by hand may show leading zeros.
bool same_port(const Device& device, const Tid& tid) {
  if (!is_ip_transport(tid.transport())) return true;
  std::string_view port = device.trsvcid;
  if (port.empty()) port = default_trsvcid(tid.transport());
  while (port.size() > 1 && port.front() == '0') port.remove_prefix(1);
  return port == tid.trsvcid();
}

// A DC that was reached by the well-known NQN may report a unique one (TP8013), so that NQN fits every DC. Only what
// is surely a DC, though: a device that is still connecting has shown neither its NQN nor its type.
bool same_nqn(const Device& device, const Tid& tid, ControllerKind kind) {
  if (device.subsysnqn.empty()) return false;
  if (device.subsysnqn == tid.subsysnqn()) return true;
  return kind == ControllerKind::discovery && tid.subsysnqn() == kWellKnownDiscoveryNqn && is_settled(device);
}

bool same_traddr(const Device& device, const Tid& tid) {
  if (!is_ip_transport(tid.transport())) return equal_ignoring_case(device.traddr, tid.traddr());
  if (!tid.ip()) return false;
  if (device.traddr == tid.traddr()) return true;
  const auto address = IpAddress::parse(device.traddr);
  return address && same_ip(*address, *tid.ip());
}

// Device without src_addr (before Linux 6.1, or not live now): what was asked for when it was connected.
bool same_requested_host_traddr(const Device& device, const Tid& tid, const Interfaces& interfaces) {
  if (!device.host_traddr.empty()) return same_ip(device.host_traddr, tid.host_traddr());
  if (device.host_iface.empty()) return true;
  const auto wanted = IpAddress::parse(tid.host_traddr());
  if (!wanted) return false;
  const Interface* interface = find_interface(interfaces, device.host_iface);
  if (interface == nullptr) return true;
  // The kernel picks the source address itself, normally the first of the family.
  const auto primary = std::find_if(interface->addresses.begin(), interface->addresses.end(),
                                    [&](const IpAddress& own) { return own.family() == wanted->family(); });
  return primary == interface->addresses.end() || same_ip(*primary, *wanted);
}

bool same_requested_host_iface(const Device& device, const Tid& tid, const Interfaces& interfaces) {
  if (!device.host_iface.empty()) return device.host_iface == tid.host_iface();
  if (device.host_traddr.empty()) return true;
  return interface_of(interfaces, device.host_traddr) == tid.host_iface();
}

bool same_tcp_source(const Device& device, const Tid& tid, const Interfaces& interfaces) {
  const bool by_address = !tid.host_traddr().empty();
  const bool by_iface = !tid.host_iface().empty();
  if (!device.src_addr.empty())
    return (!by_address || same_ip(device.src_addr, tid.host_traddr())) &&
           (!by_iface || source_interface(device, interfaces) == tid.host_iface());
  return (!by_address || same_requested_host_traddr(device, tid, interfaces)) &&
         (!by_iface || same_requested_host_iface(device, tid, interfaces));
}

bool same_source(const Device& device, const Tid& tid, const Interfaces& interfaces) {
  switch (tid.transport()) {
    case Transport::tcp:
      return same_tcp_source(device, tid, interfaces);
    case Transport::rdma:
      return tid.host_traddr().empty() || same_ip(device.host_traddr, tid.host_traddr());
    case Transport::fc:
      return equal_ignoring_case(device.host_traddr, tid.host_traddr());
    case Transport::loop:
      break;
  }
  return true;
}

}  // namespace

bool gained(const Interfaces& before, const Interfaces& now) {
  return std::any_of(now.begin(), now.end(), [&](const Interface& interface) {
    if (!interface.up) return false;
    const Interface* old = find_interface(before, interface.name);
    if (old == nullptr || !old->up) return true;
    return std::any_of(interface.addresses.begin(), interface.addresses.end(),
                       [&](const IpAddress& address) { return !owns(*old, address); });
  });
}

std::string interface_of(const Interfaces& interfaces, std::string_view address) {
  const auto ip = IpAddress::parse(address);
  if (!ip) return {};
  // A scope that names an interface decides between several owners.
  if (const Interface* scoped = find_interface(interfaces, ip->scope()); scoped != nullptr && owns(*scoped, *ip))
    return scoped->name;
  const auto owner = std::find_if(interfaces.begin(), interfaces.end(), [&](const auto& i) { return owns(i, *ip); });
  return owner == interfaces.end() ? std::string{} : owner->name;
}

std::string_view path_state(const Device* device) {
  if (device == nullptr) return "missing";
  const std::string& state = device->state;
  if (state.empty() || state == "live") return "live";
  if (state == "resetting") return "resetting";
  if (state.starts_with("deleting") || state == "dead") return "deleting";  // "deleting (no IO)"
  return "connecting";
}

bool is_settled(const Device& device) {
  return !device.subsysnqn.empty() && (!device.cntrltype.empty() || device.state == "live");
}

bool is_kind(const Device& device, ControllerKind kind) {
  if (!device.transport.empty() && !parse_transport(device.transport)) return false;
  if (device.subsysnqn == kWellKnownDiscoveryNqn) return kind == ControllerKind::discovery;
  if (device.cntrltype == "discovery") return kind == ControllerKind::discovery;
  if (device.cntrltype == "io") return kind == ControllerKind::io;
  if (device.cntrltype == "admin") return false;
  // Linux before 5.18 has no cntrltype.
  return device.has_children == (kind == ControllerKind::io);
}

bool matches(const Device& device, const Tid& tid, ControllerKind kind, const Interfaces& interfaces) {
  // In the order of cost: most devices are refused by one of the first comparisons.
  return device.transport == to_text(tid.transport()) && same_nqn(device, tid, kind) && same_port(device, tid) &&
         same_traddr(device, tid) && device.hostnqn == tid.host_nqn() && is_kind(device, kind) &&
         same_source(device, tid, interfaces);
}

bool is_guess(const Device& device, const Tid& tid) {
  return tid.transport() == Transport::tcp && device.src_addr.empty() && device.state != "live" &&
         ((!tid.host_iface().empty() && device.host_iface.empty()) ||
          (!tid.host_traddr().empty() && device.host_traddr.empty()));
}

std::optional<Tid> tid_of(const Device& device, const Interfaces& interfaces, bool ignore_iface) {
  const auto transport = parse_transport(device.transport);
  if (!transport || !is_settled(device)) return std::nullopt;
  TidFields fields;
  fields.transport = *transport;
  fields.traddr = device.traddr;
  fields.trsvcid = device.trsvcid;
  fields.subsysnqn = device.subsysnqn;
  fields.host_traddr = device.host_traddr;
  fields.host_nqn = device.hostnqn;
  if (!ignore_iface) {
    fields.host_iface = device.host_iface;
    if (*transport == Transport::tcp && fields.host_iface.empty())
      fields.host_iface = source_interface(device, interfaces);
  }
  return Tid(std::move(fields));
}

}  // namespace stas
