// SPDX-License-Identifier: Apache-2.0
//
// desire(): the sources one after the other: controller= lines, what is announced or was, and what a later version
// knew.
#include <set>
#include <utility>

#include "libstas/core/brain/configured.h"
#include "libstas/core/brain/view.h"
#include "libstas/core/identity/nqn.h"
#include "stafd/desirer.h"

namespace stas {

namespace {

// A link-local address means nothing without the link. What is not bound to an interface has it as a scope.
std::string address_of(const MdnsService& service, bool bound) {
  const auto ip = bound ? std::nullopt : IpAddress::parse(service.traddr);
  return ip && ip->is_link_local() ? ip->with_scope(service.interface).to_string() : service.traddr;
}

// Where it is, whichever way its name says on which link.
Tid place_of_announced(const Tid& tid) {
  if (!tid.ip() || !tid.ip()->is_link_local()) return with(tid, &TidFields::host_iface, {});
  const std::string link = tid.host_iface().empty() ? tid.ip()->scope() : tid.host_iface();
  return with(with(tid, &TidFields::traddr, tid.ip()->with_scope(link).to_string()), &TidFields::host_iface, {});
}

}  // namespace

void Desirer::configured() {
  for (const auto& line : f_.config.controllers) {
    auto target = target_of(line, f_.config, f_.host, f_.names, std::string(kWellKnownDiscoveryNqn));
    Wish wish;
    wish.sources.configured = true;
    wish.sources.line = line.line;
    wish.options = merged(f_.config.connect, line.options);
    wish.host_id = line.host_id;
    wish.cfg = cfg_dict(line);
    wish.system_identity = !line.host_nqn;
    wish.verdict.reason = Reason::configured;
    if (target.excluded != nullptr) {
      wish.verdict = refused(Reason::excluded);
      wish.verdict.line = target.excluded->line;
      out_.wishes.try_emplace(Tid(std::move(target.fields)), std::move(wish));
      continue;
    }
    prefer_connected(target, line, f_.config, f_.names, [&](const Tid& meant) {
      const Dc* dc = find(current(meant, wish.system_identity));
      return dc != nullptr && dc->reachable();
    });
    Tid tid(std::move(target.fields));
    if (!target.resolved) {
      out_.unresolved.push_back(std::move(tid));
      continue;
    }
    if (line.traddr != tid.traddr() && f_.names.address(line.traddr)) {
      wish.host_name = line.traddr;
      host_names_.emplace(with(current(tid, wish.system_identity), &TidFields::traddr, line.traddr).to_string(),
                          current(tid, wish.system_identity));
    }
    add(std::move(tid), std::move(wish));
  }
}

void Desirer::announced() {
  const bool enabled = f_.config.zeroconf;
  std::set<Tid> places;  // announced now
  if (enabled) {
    for (const auto& service : f_.mdns.services) {
      if (!service.resolved || !service.transport) continue;
      // The interface goes into the Tid for tcp only (compatibility contract 5.4).
      const bool with_iface = *service.transport == Transport::tcp && !f_.config.ignore_iface;
      Wish wish;
      wish.origin = Origin::discovered;
      wish.sources.announced = wish.present = true;
      wish.options = f_.config.connect;
      wish.verdict.reason = Reason::discovered;
      const Tid tid(TidFields{*service.transport,
                              address_of(service, with_iface),
                              service.trsvcid,
                              service.nqn.empty() ? std::string(kWellKnownDiscoveryNqn) : service.nqn,
                              {},
                              with_iface ? service.interface : std::string(),
                              f_.host.nqn});
      places.insert(place_of_announced(tid));
      add(tid, std::move(wish));
    }
  }
  // What was announced once and is silent now stays for its persistence time, and while it is connected (law 2).
  for (const Dc& dc : f_.dcs) {
    if (!dc.announced) continue;
    // A connect that is on its way gets its chance.
    const bool over = !dc.reachable() && dc.op != Dc::Op::connect && f_.now >= lost_deadline(dc, f_.config);
    if (over) continue;
    if (const auto it = out_.wishes.find(dc.tid); it != out_.wishes.end() && it->second.present) continue;
    // Without an mDNS daemon the announcement is neither confirmed nor denied.
    const bool present = dc.announced.present() && enabled && !f_.mdns.available;
    Wish wish;
    wish.origin = Origin::discovered;
    wish.sources.announced = true;
    wish.present = present;
    wish.options = f_.config.connect;
    wish.system_identity = dc.system_identity;
    wish.verdict.reason = Reason::discovered;
    // It is announced, under another name: ignore-iface= was changed.
    const bool renamed = f_.config.ignore_iface == !dc.tid.host_iface().empty();
    if (renamed && places.contains(place_of_announced(dc.tid))) {
      if (f_.config.ignore_iface_unclear && (dc.connected() || dc.page_known))
        keep(dc, Origin::discovered, wish.sources, {"whether stafd.conf says ignore-iface=", kNever, false});
      else
        keep_for_replacement(dc);
      continue;
    }
    add(dc.tid, std::move(wish));
  }
}

void Desirer::from_other_sources() {
  for (const Dc& dc : f_.dcs) {
    if (dc.sources.other.empty()) continue;
    Wish wish;
    wish.origin = Origin::other;
    wish.sources.other = dc.sources.other;
    wish.options = f_.config.connect;
    wish.system_identity = dc.system_identity;
    wish.verdict = held(Reason::last_known, "its source, \"" + dc.sources.other + "\", is not known here");
    add(dc.tid, std::move(wish));
  }
}

}  // namespace stas
