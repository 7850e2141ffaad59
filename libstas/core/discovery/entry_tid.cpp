// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/discovery/entry_tid.h"

#include <string>
#include <utility>

#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

std::optional<Transport> transport_of(const Dlpe& dlpe) {
  switch (dlpe.trtype) {
    case kDlpTrtypeRdma:
      return Transport::rdma;
    case kDlpTrtypeFc:
      return Transport::fc;
    case kDlpTrtypeTcp:
      return Transport::tcp;
    case kDlpTrtypeLoop:
      return Transport::loop;
    default:
      return std::nullopt;
  }
}

// A source address of another family cannot reach the entry's address. A text that is no address decides nothing.
bool same_family(const std::string& a, const std::string& b) {
  const auto x = IpAddress::parse(a);
  const auto y = IpAddress::parse(b);
  return !x || !y || x->family() == y->family();
}

// A link-local address means nothing without the scope in which it was learned (regressions 41). A scope
// that the target wrote (Linux's does) names an interface over there; here it means nothing, or the wrong one.
std::string with_own_scope(const std::string& traddr, const Tid& dc, bool bound) {
  const auto ip = IpAddress::parse(traddr);
  if (!ip || !ip->is_link_local()) return traddr;
  if (dc.ip() && !dc.ip()->scope().empty()) return ip->with_scope(dc.ip()->scope()).to_string();
  if (dc.host_iface().empty()) return traddr;
  // A connection that is bound to the interface does not need it twice.
  return ip->with_scope(bound ? std::string() : dc.host_iface()).to_string();
}

}  // namespace

std::optional<Tid> tid_of_entry(const Dlpe& entry, const Tid& dc, bool ignore_iface) {
  const auto transport = transport_of(entry);
  if (!transport) return std::nullopt;
  TidFields fields{*transport, entry.traddr, entry.trsvcid, entry.subnqn, {}, {}, dc.host_nqn()};
  if (fields.subsysnqn.empty() && entry.subtype == kDlpSubtypeReferral) fields.subsysnqn = kWellKnownDiscoveryNqn;
  if (*transport == dc.transport() && !dc.host_traddr().empty() && same_family(entry.traddr, dc.host_traddr()))
    fields.host_traddr = dc.host_traddr();
  // An interface is for tcp only: other transports refuse it (D-14).
  if (*transport == Transport::tcp && !ignore_iface) fields.host_iface = dc.host_iface();
  if (is_ip_transport(*transport)) fields.traddr = with_own_scope(fields.traddr, dc, !fields.host_iface.empty());
  return Tid(std::move(fields));
}

}  // namespace stas
