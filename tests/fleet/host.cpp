// SPDX-License-Identifier: Apache-2.0
#include "tests/fleet/host.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "libstas/core/discovery/aen.h"
#include "tests/model/bridge.h"

namespace stas::fleet {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What Linux does: the first answer of a connection within 10 s, an attempt to reconnect every 10 s. Ours: 15 s for an
// admin command.
constexpr Duration kConnectPatience = seconds(10), kAdminPatience = seconds(15), kReconnectDelay = seconds(10);
// Requests: Fabrics Connect, three properties, Identify; the header of the page, the page, the header again.
constexpr unsigned kToConnect = 5, kToRead = 3, kToRegister = 1;
constexpr Duration kArray = milliseconds(5);  // a connect to an array, which has nothing else to do

std::shared_ptr<const HostIdentity> identity(unsigned number) {
  char id[40];
  std::snprintf(id, sizeof id, "00000000-0000-4000-8000-%012u", number);
  auto host = std::make_shared<HostIdentity>();
  host->nqn = std::string("nqn.2014-08.org.nvmexpress:uuid:") + id;
  host->id = id;
  return host;
}

std::shared_ptr<const StafdConfig> stafd_config() {
  static const auto config = [] {
    StafdConfig made;
    made.zeroconf = false;
    ControllerLine line;
    line.transport = Transport::tcp;
    line.traddr = "10.0.0.1";
    line.trsvcid = "8009";
    line.subsysnqn = "nqn.2014-08.org.nvmexpress.discovery";
    line.line = 1;
    made.controllers.push_back(line);
    return std::make_shared<const StafdConfig>(std::move(made));
  }();
  return config;
}

std::shared_ptr<const StacdConfig> stacd_config() {
  static const auto config = std::make_shared<const StacdConfig>();
  return config;
}

}  // namespace

Host::Host(Clock& clock, Cdc& cdc, unsigned number, const FinderTiming& timing)
    : clock_(clock), cdc_(cdc), number_(number), finder_(timing) {}

void Host::power_up() {
  const auto host = identity(number_);
  finder_.restore({});
  finder_.handle(StafdConfigured{stafd_config(), host}, clock_.now());
  finder_.handle(InterfacesSeen{}, clock_.now());
  finder_.handle(DevicesScanned{}, clock_.now());
  connector_.restore({});
  connector_.handle(StacdConfigured{stacd_config(), host}, clock_.now());
  connector_.handle(InterfacesSeen{}, clock_.now());
  connector_.handle(DevicesScanned{}, clock_.now());
  connector_.handle(StafAppeared{}, clock_.now());
  run();
}

void Host::to_finder(Event event) {
  finder_.handle(std::move(event), clock_.now());
  run();
}

void Host::to_connector(Event event) {
  connector_.handle(std::move(event), clock_.now());
  run();
}

void Host::run() {
  for (const Action& action : finder_.advance(clock_.now())) obey(action);
  for (const Action& action : connector_.advance(clock_.now())) obey(action);
  wake(std::min(finder_.deadline(), connector_.deadline()));
}

void Host::wake(Instant deadline) {
  if (deadline == kNever || deadline >= woken_) return;
  woken_ = deadline;
  clock_.at(deadline, [this, deadline] {
    if (woken_ != deadline) return;
    woken_ = kNever;
    run();
  });
}

// As the signals of stafd do.
void Host::tell_connector() {
  if (std::exchange(untold_, true)) return;
  clock_.after(milliseconds(1), [this] {
    untold_ = false;
    to_connector(StafChanged{});
  });
}

Device Host::device_of(const Connect& order) {
  Device device;
  device.ref = {"nvme" + std::to_string(++made_), made_};
  device.transport = "tcp";
  device.traddr = order.tid.traddr();
  device.trsvcid = order.tid.trsvcid();
  device.subsysnqn = order.tid.subsysnqn();
  device.hostnqn = order.host.nqn;
  device.hostid = order.host.id;
  device.state = "live";
  const bool io = order.kind == ControllerKind::io;
  device.cntrltype = io ? "io" : "discovery";
  if (!io) device.dctype = "cdc";
  return device;
}

void Host::obey(const Action& action) {
  if (const auto* order = std::get_if<Connect>(&action)) {
    connect(*order);
  } else if (const auto* cut = std::get_if<Disconnect>(&action)) {
    paths_.erase(cut->tid);
    clock_.after(milliseconds(1), [this, op = cut->op] { to_connector(OpDone{op, Disconnected{}}); });
  } else if (const auto* enter = std::get_if<Register>(&action)) {
    cdc_.ask(Cdc::Kind::other, kToRegister, kAdminPatience, [this, op = enter->op](bool answered) {
      to_finder(answered ? OpDone{op, Registered{}} : OpDone{op, Error{ErrorKind::timed_out, 0, "no answer"}});
    });
  } else if (const auto* fetch = std::get_if<FetchLogPage>(&action)) {
    read(*fetch);
  } else if (std::holds_alternative<FetchStafPages>(action)) {
    clock_.after(milliseconds(1), [this] { to_connector(model::pages_of(finder_, false)); });
  } else if (std::holds_alternative<NotifyLogPagesChanged>(action) || std::holds_alternative<NotifySettled>(action) ||
             std::holds_alternative<NotifyDcRemoved>(action)) {
    tell_connector();
  }
}

void Host::connect(const Connect& order) {
  if (order.kind == ControllerKind::io) {
    clock_.after(kArray, [this, order] {
      const Device device = device_of(order);
      paths_[order.tid] = device;
      to_connector(OpDone{order.op, Connected{device}});
    });
    return;
  }
  cdc_.ask(Cdc::Kind::connect, kToConnect, kConnectPatience, [this, order](bool answered) {
    if (!answered) return to_finder(OpDone{order.op, Error{ErrorKind::unreachable, 0, "no answer"}});
    dc_ = device_of(order);
    to_finder(OpDone{order.op, Connected{dc_}});
  });
}

void Host::read(const FetchLogPage& order) {
  cdc_.ask(Cdc::Kind::read, order.known_genctr ? 1 : kToRead, kAdminPatience, [this, order](bool answered) {
    if (!answered) return to_finder(OpDone{order.op, Error{ErrorKind::timed_out, 0, "no answer"}});
    if (order.known_genctr == cdc_.genctr()) return to_finder(OpDone{order.op, LogPage{cdc_.genctr(), true, {}, 0}});
    to_finder(OpDone{order.op, LogPage{cdc_.genctr(), false, {cdc_.page().begin(), cdc_.page().end()}, 0}});
  });
}

void Host::lose_cdc() {
  if (dc_.ref.name.empty() || dc_.state != "live") return;
  dc_.state = "connecting";
  to_finder(DeviceSeen{dc_});
  clock_.after(kReconnectDelay, [this, incarnation = dc_.ref.incarnation] { reconnect(incarnation); });
}

void Host::reconnect(std::uint64_t incarnation) {
  cdc_.ask(Cdc::Kind::connect, kToConnect, kConnectPatience, [this, incarnation](bool answered) {
    if (dc_.ref.incarnation != incarnation) return;
    if (!answered) {
      clock_.after(kReconnectDelay, [this, incarnation] { reconnect(incarnation); });
      return;
    }
    dc_.state = "live";
    to_finder(DeviceSeen{dc_});
    to_finder(DeviceReconnected{dc_.ref, true});
  });
}

void Host::tell_change() {
  if (dc_.state == "live") to_finder(AenReceived{dc_.ref, kAenDiscoveryLogChanged});
}

bool Host::is_settled() const {
  const auto dcs = finder_.controllers();
  if (dcs.begin() == dcs.end()) return false;
  const Dc& dc = *dcs.begin();
  if (!dc.page_fresh || !dc.works || dc.genctr != cdc_.genctr()) return false;
  if (paths_.size() != cdc_.page().size()) return false;
  return std::all_of(cdc_.page().begin(), cdc_.page().end(), [&](const Dlpe& entry) {
    return std::any_of(paths_.begin(), paths_.end(), [&](const auto& path) {
      return path.first.traddr() == entry.traddr && path.first.subsysnqn() == entry.subnqn;
    });
  });
}

}  // namespace stas::fleet
