// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/user/user_fabric.h"

#include <string>
#include <utility>

#include "libstas/core/identity/nqn.h"
#include "libstas/sys/host/user_plan.h"
#include "libstas/sys/os/descriptors.h"

namespace stas {

namespace {

constexpr std::size_t kWorkerThreads = 2;  // started when a controller demands authentication

}  // namespace

UserFabric::UserFabric(Loop& loop, UserFabricOptions options)
    : loop_(loop),
      options_(options),
      gate_(options.max_connects, options.max_connects_per_address),
      wake_(loop.once([this] { work(); })),
      worker_(loop, {.threads = kWorkerThreads}),
      prober_(loop),
      races_(loop, prober_),
      network_(loop, [this](Interfaces interfaces) { see_interfaces(std::move(interfaces)); }) {}

UserFabric::~UserFabric() = default;

Result<void> UserFabric::start(Sink sink) {
  sink_ = std::move(sink);
  rescan();
  // A sandbox may forbid it: then only the next attempt finds out about a new interface.
  if (auto watching = network_.start(); is_shortage(watching)) return watching;
  return {};
}

void UserFabric::rescan() {
  rescan_wanted_ = true;
  wake_.arm();
}

void UserFabric::emit(Event event) {
  events_.push_back(std::move(event));
  wake_.arm();
}

void UserFabric::see_interfaces(Interfaces interfaces) {
  interfaces_said_ = true;
  emit(InterfacesSeen{std::move(interfaces)});
}

// After the interfaces. An empty list of them is only said once: later, no answer is no information (law 2).
void UserFabric::scan() {
  if (!interfaces_said_) see_interfaces({});
  scan_wanted_ = true;
  wake_.arm();
}

void UserFabric::work() {
  for (const auto id : std::exchange(gone_, {})) {
    const auto found = controllers_.find(id);
    if (found == controllers_.end()) continue;
    by_name_.erase(found->second->ref().name);
    const auto [first, last] = by_tid_.equal_range(found->second->order().tid);
    for (auto it = first; it != last; ++it) {
      if (it->second != id) continue;
      by_tid_.erase(it);
      break;
    }
    controllers_.erase(found);
  }
  for (const auto id : gate_.take_started()) {
    if (const auto found = controllers_.find(id); found != controllers_.end()) found->second->start_attempt();
  }
  if (std::exchange(rescan_wanted_, false)) network_.look([this] { scan(); });
  if (std::exchange(scan_wanted_, false)) {
    DevicesScanned scanned;
    for (const auto& [id, controller] : controllers_) {
      if (controller->is_announced()) scanned.devices.push_back(controller->device());
    }
    events_.emplace_back(std::move(scanned));
  }
  // The sink may submit, and so add events: those wait for the next iteration.
  for (auto& event : std::exchange(events_, {})) {
    if (std::holds_alternative<OpDone>(event)) --pending_;
    sink_(std::move(event));
  }
}

void UserFabric::submit(FabricOp op) {
  ++pending_;
  if (auto* order = std::get_if<Connect>(&op)) return connect(std::move(*order));
  const auto [id, ref] = std::visit(
      [](const auto& any) {
        if constexpr (std::is_same_v<std::decay_t<decltype(any)>, Connect>) {
          return std::pair(any.op, DeviceRef{});
        } else {
          return std::pair(any.op, any.device);
        }
      },
      op);
  auto* controller = find(ref);
  if (controller == nullptr) return emit(OpDone{id, Error{ErrorKind::not_found, 0, ref.name + " does not exist"}});
  // Its I/O controllers have no block devices that anybody could use.
  if (std::holds_alternative<InspectUsage>(op)) return emit(OpDone{id, Usage{}});
  controller->submit(op);
}

void UserFabric::stop_connecting() {
  stopping_ = true;
  races_.stop();
  for (const OpId op : std::exchange(racing_, {}))
    emit(OpDone{op, Error{ErrorKind::cancelled, 0, "not connected any more, the daemon stops"}});
  for (const auto& [id, controller] : controllers_) controller->call_off();
}

UserController* UserFabric::find(const DeviceRef& ref) {
  const auto id = by_name_.find(ref.name);
  if (id == by_name_.end()) return nullptr;
  auto& controller = *controllers_.at(id->second);
  const bool same = ref.incarnation == 0 || ref.incarnation == controller.ref().incarnation;
  return same && controller.is_announced() ? &controller : nullptr;
}

// As the kernel has it: one I/O connection per identity and path; the well-known discovery NQN may be connected again.
bool UserFabric::is_duplicate(const Connect& order) const {
  if (order.kind == ControllerKind::discovery) return false;
  const auto [first, last] = by_tid_.equal_range(order.tid);
  for (auto it = first; it != last; ++it) {
    const auto& other = *controllers_.at(it->second);
    if (!other.is_gone() && other.order().kind == order.kind && other.order().host.nqn == order.host.nqn) return true;
  }
  return false;
}

void UserFabric::connect(Connect order) {
  const auto refuse = [&](Error error) { emit(OpDone{order.op, std::move(error)}); };
  const auto text = order.tid.to_string();
  if (stopping_) return refuse({ErrorKind::cancelled, 0, text + ": not connected any more, the daemon stops"});
  if (is_duplicate(order)) {
    return refuse({ErrorKind::already_connected, 0, text + " is connected or being connected already"});
  }
  if (controllers_.size() >= options_.max_controllers)
    return refuse({ErrorKind::busy, 0, text + ": too many controllers"});
  if (order.tid.transport() == Transport::loop && options_.loop_targets == nullptr) {
    return refuse({ErrorKind::not_supported, 0, text + ": there is no loop target in this process"});
  }
  auto plan = make_user_plan(order, options_.timeouts.session);
  if (!plan) return refuse(plan.error());
  const auto target = tcp_endpoint_of(order.tid);
  if (order.tid.transport() == Transport::tcp && target && !order.others.empty()) {
    racing_.insert(order.op);
    return races_.begin(std::move(order), *target, [this](Connect raced, std::optional<OpResult> answer) {
      racing_.erase(raced.op);
      if (answer) return emit(OpDone{raced.op, std::move(*answer)});
      raced.others.clear();
      connect(std::move(raced));
    });
  }
  const auto id = ++next_;
  const DeviceRef ref{"user" + std::to_string(id - 1), id};
  const auto tid = order.tid;
  auto controller = std::make_unique<UserController>(loop_, options_.loop_targets, std::move(order), std::move(*plan),
                                                     ref, options_.timeouts, hooks_of(id, tid.traddr()));
  auto& added = *controller;
  by_name_.emplace(ref.name, id);
  by_tid_.emplace(tid, id);
  controllers_.emplace(id, std::move(controller));
  added.start();
}

UserController::Hooks UserFabric::hooks_of(Id id, const std::string& address) {
  return {[this](Event event) { emit(std::move(event)); },
          [this, id, address] {
            gate_.enter(id, address);
            wake_.arm();
          },
          [this, id] {
            gate_.leave(id);
            wake_.arm();
          },
          [this, address](Worker::Job job) { return worker_.submit(address, std::move(job)); },
          [this, id] {
            gone_.push_back(id);
            wake_.arm();
          }};
}

}  // namespace stas
