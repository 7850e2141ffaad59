// SPDX-License-Identifier: Apache-2.0
//
// The simulated kernel and hosts: what connects, disconnects and reads come to, and what happens by itself.
#include <algorithm>

#include "libstas/core/discovery/aen.h"
#include "libstas/core/identity/nqn.h"
#include "tests/model/world.h"

namespace stas::model {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kReconnectDelay = seconds(10);
constexpr int kReconnects = 60;  // ctrl_loss_tmo 600 s
constexpr Duration kSettling = milliseconds(30);

std::size_t at_index(int i) { return static_cast<std::size_t>(i); }

}  // namespace

std::vector<Dlpe> World::entries_of(int host) const {
  std::vector<Dlpe> entries;
  const auto& h = hosts_[at_index(host)];
  entries.push_back(dc_entry(host, answers_unique(host), kDlpSubtypeDiscovery, false, !h.gives_back));
  if (is_young(h)) return entries;
  for (std::size_t path = 0; path < kPaths; ++path)
    if (h.listed.test(path) && !h.unusable.test(path))
      entries.push_back(io_entry(static_cast<int>(path), h.ncc.test(path)));
  for (int i = 0; i < kHosts * 2; ++i)
    if (h.refers.test(at_index(i))) entries.push_back(dc_entry(i / 2, i % 2 != 0, kDlpSubtypeReferral, h.duplicates));
  return entries;
}

World::KernelDevice* World::find(const DeviceRef& ref) {
  const auto it = devices_.find(ref.name);
  return it != devices_.end() && it->second.device.ref.incarnation == ref.incarnation ? &it->second : nullptr;
}

// Names are recycled, lowest first, as the kernel does. While it connects a device shows neither its NQN nor its type.
World::KernelDevice& World::create_device(bool io, int name, int who, bool by_admin) {
  int n = 0;
  while (devices_.contains("nvme" + std::to_string(n))) ++n;
  KernelDevice created;
  created.io = io;
  created.name = name;
  created.who = who;
  created.by_admin = by_admin;
  created.made_at = now_;
  const Tid tid = io ? tid_of_ioc(name, who) : tid_of_dc(name, who);
  created.path = io ? path_of_ioc(name) : 0;
  created.host = io ? created.path / kSubs : host_of_dc(name);
  const int asked = io ? iface_of_ioc(name) : iface_of_dc(name);
  created.iface = tid.transport() == Transport::fc    ? asked
                  : tid.transport() != Transport::tcp ? 0
                  : asked != 0                        ? asked
                                                      : route_of(created.host);
  Device& device = created.device;
  device.ref = {"nvme" + std::to_string(n), next_incarnation_++};
  device.transport = to_text(tid.transport());
  device.traddr = tid.traddr();
  device.trsvcid = tid.trsvcid();
  device.host_iface = tid.host_iface();
  device.host_traddr = tid.host_traddr();
  device.hostnqn = tid.host_nqn();
  device.subsysnqn = !io && answers_unique(created.host) ? unique_nqn_of(created.host) : tid.subsysnqn();
  device.hostid = identity(io && other_of_ioc(name) != 0 ? 2 : who).id;
  device.cntrltype = io ? "io" : "discovery";
  if (!io) device.dctype = is_cdc(created.host) ? "cdc" : knows_pleo(created.host) ? "ddc" : "none";
  device.state = "connecting";
  for (auto& [other_name, other] : devices_)
    if (other.io == io && other.host == created.host && other.path == created.path && other.iface == created.iface)
      created.twin = other.twin = true;
  auto& placed = devices_.emplace(device.ref.name, std::move(created)).first->second;
  if (unsettled_) {
    note(Feature::device_unsettled);
    placed.settling = true;
    device_event(DeviceSeen{shown(placed)});
    at(kSettling, [this, ref = placed.device.ref] {
      if (auto* settled = find(ref); settled != nullptr && std::exchange(settled->settling, false)) go_live(*settled);
    });
    return placed;
  }
  go_live(placed);
  return placed;
}

// As long as it settles its attributes are not there yet.
Device World::shown(const KernelDevice& device) {
  Device shown = device.device;
  if (!device.settling) return shown;
  shown.subsysnqn.clear();
  shown.cntrltype.clear();
  shown.dctype.clear();
  return shown;
}

void World::go_live(KernelDevice& device) {
  const bool other_live = device.device.state != "live" && is_dc_live(device.host);
  device.device.state = "live";
  if (device.device.transport == "tcp") device.device.src_addr = source_address(device.host, device.iface);
  device.aen_armed = true;
  device.live_since = now_;
  device.page_read = false;
  device.registered.clear();
  device.deregistered = false;
  stafd_.news_at = stacd_.news_at = now_;  // the host is back
  // A second connection does not make its host young.
  if (!device.io && !device.by_admin && !other_live) dc_live_at_[at_index(device.host)] = now_;
  device_event(DeviceSeen{device.device});
}

// By value: it may be the name in devices_.
void World::remove_device(std::string name) {
  const auto it = devices_.find(name);
  if (it == devices_.end()) return;
  const auto gone = it->second;
  if (gone.given_back && stafd_.brain) note_parked(gone.device.ref);
  devices_.erase(it);
  gone_at_ = now_;
  predecessors_[name] = gone.device.ref;
  // What is not tried again at once: it did not last, or its page was never had.
  const bool short_lived = now_ - gone.live_since < std::chrono::minutes(1) || (!gone.io && !gone.page_read);
  for (auto* attempts : {&stafd_.attempts, &stacd_.attempts})
    if (gone.io == (attempts == &stacd_.attempts))
      for (auto& [id, tried] : *attempts)
        if (gone.io ? path_of_ioc(name_of_attempt(id)) == gone.path : host_of_dc(name_of_attempt(id)) == gone.host)
          tried = short_lived ? Attempts{.last = now_} : Attempts{};
  device_event(DeviceGone{gone.device.ref});
}

bool World::can_connect(bool io, int name) const {
  const int host = io ? path_of_ioc(name) / kSubs : host_of_dc(name);
  if (!hosts_[at_index(host)].up) return false;
  if ((io ? iface_of_ioc(name) : iface_of_dc(name)) == 2 && !eth1_up_) return false;
  if (!io) return true;
  const int sub = path_of_ioc(name) % kSubs;
  return hosts_[at_index(host)].served.test(at_index(sub)) && is_special(sub) == (other_of_ioc(name) != 0);
}

bool World::is_somebody_at(const Tid& tid) const {
  const auto host = host_of_address(tid.traddr());
  return host && hosts_[at_index(*host)].up;
}

OpResult World::do_connect(const Connect& connect) {
  const bool io = connect.kind == ControllerKind::io;
  const auto name = io ? find_ioc(connect.tid) : find_dc(connect.tid);
  if (connect.tid.transport() == Transport::tcp && !connect.others.empty() && !is_somebody_at(connect.tid)) {
    note(Feature::addresses_raced);
    for (const IpAddress& other : connect.others)
      if (is_somebody_at(with(connect.tid, &TidFields::traddr, other.to_string())))
        return AnsweredElsewhere{other, "no answer"};
    return NobodyAnswered{{ErrorKind::unreachable, 0, "no answer"}, connect.others};
  }
  if (!name) return Error{ErrorKind::unreachable, 0, "no answer"};
  const int who = connect.host.nqn == identity(1).nqn ? 1 : 0;
  if (!can_connect(io, *name)) {
    const int host = io ? path_of_ioc(*name) / kSubs : host_of_dc(*name);
    if (!hosts_[at_index(host)].up) return Error{ErrorKind::unreachable, 0, "no answer"};
    note(Feature::connect_refused);
    return Error{ErrorKind::refused, 0, "not here"};
  }
  for (const auto& [device_name, device] : devices_) {
    // The host ID belongs to the host NQN as long as a controller has it.
    if ((device.device.hostnqn == connect.host.nqn) != (device.device.hostid == connect.host.id))
      return Error{ErrorKind::invalid_input, 0, "host NQN and host ID do not go together"};
    if (io && device.io && device.name == *name && device.device.hostnqn == connect.host.nqn)
      return Error{ErrorKind::already_connected, 0, "already connected"};
  }
  if (io && is_rdma(path_of_ioc(*name) % kSubs)) note(Feature::rdma_connected);
  if (io && is_fc(path_of_ioc(*name) % kSubs)) note(Feature::fc_connected);
  if (io && other_of_ioc(*name) != 0) note(Feature::special_connected);
  if (is_v6(io ? path_of_ioc(*name) / kSubs : host_of_dc(*name))) note(Feature::v6_connected);
  note(io ? Feature::ioc_connected : Feature::dc_connected);
  const auto& created = create_device(io, *name, who, false);
  ours_.insert(created.device.ref.incarnation);
  return Connected{created.device};
}

// Whoever looks tells stacd what is seen, as an event that does not get lost.
bool World::is_any_live(const std::vector<DeviceRef>& paths) {
  for (const DeviceRef& ref : paths)
    if (const auto* path = find(ref); path != nullptr && path->device.state == "live") return true;
  for (const DeviceRef& ref : paths) {
    if (const auto* path = find(ref); path != nullptr)
      to_connector(DeviceSeen{path->device});
    else
      to_connector(DeviceGone{ref});
  }
  return false;
}

OpResult World::do_disconnect(const Disconnect& disconnect) {
  auto* device = find(disconnect.device);
  if (device == nullptr) return Error{ErrorKind::not_found, 0, "no such device"};
  if (!disconnect.beside.empty() && !is_any_live(disconnect.beside)) {
    note(Feature::path_lost_before_cut);
    return Error{ErrorKind::cancelled, 0, "no other path to its subsystem is live any more"};
  }
  if (deletes_ != Deletes::work) {
    device->spared = true;
    if (std::exchange(device->given_back, false)) keep_after_all(*device);
    note(Feature::delete_failed);
    return Error{ErrorKind::permission, 0, "cannot be deleted"};
  }
  remove_device(disconnect.device.name);
  return Disconnected{};
}

OpResult World::do_fetch(const FetchLogPage& fetch) {
  auto* device = find(fetch.device);
  if (device == nullptr) return Error{ErrorKind::not_found, 0, "no such device"};
  const auto& host = hosts_[at_index(device->host)];
  if (!host.up || device->device.state != "live") return Error{ErrorKind::timed_out, 0, "no answer"};
  if (host.fails_reads) {
    note(Feature::page_failed);
    return Error{ErrorKind::rejected, 0, "internal error"};
  }
  device->aen_armed = true;
  if (fetch.known_genctr == host.genctr) return LogPage{host.genctr, true, {}, 0};
  const auto left_out = static_cast<unsigned>((host.listed & host.unusable).count());
  if (left_out > 0) note(Feature::page_skipped);
  if (is_young(host)) note(Feature::page_young);
  LogPage page{host.genctr, false, entries_of(device->host)};
  if (is_young(host)) return page;
  page.skipped = left_out;
  for (std::size_t path = 0; path < kPaths; ++path)
    if ((host.listed & host.unusable).test(path)) page.skipped_nqns.push_back(subsystem_nqn_of(static_cast<int>(path)));
  return page;
}

// --- what happens by itself ---

// The kernel notices that the connection is down, tries again, and gives up in the end.
void World::lose_connection(KernelDevice& device) {
  if (device.device.state != "live") return;
  device.device.state = "connecting";
  device.device.src_addr.clear();
  // Trouble that comes with it, or after it, is another one, heard of its loss or not.
  for (auto* voices : {&stafd_.voices, &stacd_.voices})
    std::erase_if(*voices, [&](const auto& item) {
      return item.second.first.find(device.device.traddr + ",") != std::string::npos;
    });
  device_event(DeviceSeen{device.device});
  at(kReconnectDelay, [this, ref = device.device.ref] { kernel_retry(ref.name, ref.incarnation, 1); });
}

void World::lose_connections(int host) {
  for (auto& [name, device] : devices_)
    if (device.host == host) lose_connection(device);
}

void World::kernel_retry(const std::string& name, std::uint64_t incarnation, int attempts) {
  auto* device = find({name, incarnation});
  if (device == nullptr) return;
  const bool up = hosts_[at_index(device->host)].up;
  if (can_connect(device->io, device->name)) {
    go_live(*device);
    device_event(DeviceReconnected{device->device.ref, !device->io && !old_kernel_});
    return;
  }
  if (up && device->io && !hosts_[at_index(device->host)].served.test(at_index(device->path % kSubs)))
    return remove_device(name);  // refused with DNR
  if (attempts >= kReconnects) {
    note(Feature::long_outage);
    return remove_device(name);
  }
  at(kReconnectDelay, [this, name, incarnation, attempts] { kernel_retry(name, incarnation, attempts + 1); });
}

// One AEN to each discovery connection that is armed.
void World::page_changed(int host) {
  ++hosts_[at_index(host)].genctr;
  if (!hosts_[at_index(host)].up) return;
  for (auto& [name, device] : devices_)
    if (!device.io && device.host == host && device.device.state == "live" && std::exchange(device.aen_armed, false))
      send_aen(device);
}

void World::send_aen(const KernelDevice& device) {
  if (lossy_ && chance(0.3)) {
    aen_lost_at_ = now_;
    return note(Feature::aen_lost);
  }
  at(milliseconds(2), [this, ref = device.device.ref] {
    const auto* seen = find(ref);
    if (seen == nullptr) return;
    if (stafd_.brain) aen_at_[at_index(seen->host)] = now_;
    to_finder(AenReceived{ref, kAenDiscoveryLogChanged});
  });
}

void World::end_youth(int host) {
  if (!is_young(hosts_[at_index(host)])) page_changed(host);
}

}  // namespace stas::model
