// SPDX-License-Identifier: Apache-2.0
//
// Admin commands of both controller kinds: dispatch, Abort, Asynchronous Event Request, Keep Alive, DIM,
// Namespace Attachment.
#include <vector>

#include "tests/target/core/commands.h"

namespace stas::target {
namespace {

std::optional<Reply> async_event_request(Engine& engine, Controller& controller, Request& request) {
  if (!controller.events.park(request.sqe.cid())) return Reply::refuse(status::kAerLimit);
  request.state = Request::State::parked;
  engine.deliver_events(controller);
  return std::nullopt;
}

/// Bit 0 of the result says "not aborted": the command is unknown, or somebody works on it.
Reply abort(Engine& engine, const Controller& controller, const Sqe& sqe) {
  const auto it = controller.queues.find(static_cast<std::uint16_t>(sqe.cdw(10) & 0xFFFF));
  if (it == controller.queues.end()) return Reply::ok(1);
  return Reply::ok(engine.abort(*it->second, static_cast<std::uint16_t>(sqe.cdw(10) >> 16)) ? 0 : 1);
}

/// Namespace Attachment with a controller list (NVMe base): CDW10 0 attaches, 1 detaches.
Reply attach_namespace(Engine& engine, Controller& controller, const Sqe& sqe, View data) {
  constexpr std::size_t kListSize = 4096, kMostControllers = 2047;
  const std::uint32_t select = sqe.cdw(10) & 15;
  if (select > 1) return Reply::refuse(status::kInvalidField);
  if (data.size() < kListSize) return Reply::refuse(status::kSglLength);
  const auto it = controller.subsystem->namespaces.find(sqe.nsid());
  if (it == controller.subsystem->namespaces.end()) return Reply::refuse(status::kInvalidNamespace);
  const std::size_t count = get16(data.data());
  if (count == 0 || count > kMostControllers) return Reply::refuse(status::kInvalidControllerList);
  std::vector<Controller*> listed;
  for (std::size_t i = 1; i <= count; ++i) {
    Controller* one = engine.find_controller(controller.subsystem, get16(&data[2 * i]));
    if (one == nullptr) return Reply::refuse(status::kInvalidControllerList);
    if (it->second.attached_to(one->cntlid) == (select == 0)) {
      return Reply::refuse(select == 0 ? status::kAlreadyAttached : status::kNotAttached);
    }
    listed.push_back(one);
  }
  for (const Controller* one : listed) it->second.attach(one->cntlid, select == 0);
  engine.namespaces_changed(*controller.subsystem, sqe.nsid(), &controller);
  return Reply::ok();
}

Reply keep_alive(Engine& engine, Controller& controller) {
  ++engine.stats().keep_alives;
  if (controller.kato_ms == 0) return Reply::refuse(status::kKeepAliveInvalid);
  controller.last_heard = engine.now();
  return Reply::ok();
}

Reply discovery_information(Engine& engine, const Controller& controller, const Sqe& sqe, View data) {
  if (engine.model().discovery.dctype == DiscoveryKind::none) return Reply::refuse(status::kInvalidOpcode);
  Stats& stats = engine.stats();
  const auto refuse = [&stats](std::uint16_t code) {
    ++stats.dim_refused;
    return Reply::refuse(code);
  };
  const std::uint32_t task = sqe.cdw(10) & 15;
  if (task > static_cast<std::uint32_t>(DimTask::update)) return refuse(status::kInvalidField);
  const auto records = parse_dim(data, controller.origin);
  if (!records) return refuse(status::kInvalidDiscoveryInfo);
  for (const DimRecord& record : *records) {
    if (static_cast<DimTask>(task) == DimTask::remove) {
      engine.dim().remove(record);
    } else if (!engine.dim().put(record)) {
      return refuse(status::kDiscoveryResources);
    }
  }
  switch (static_cast<DimTask>(task)) {
    case DimTask::add:
      ++stats.dim_registered;
      break;
    case DimTask::remove:
      ++stats.dim_deregistered;
      break;
    case DimTask::update:
      ++stats.dim_updated;
      break;
  }
  return Reply::ok();
}

}  // namespace

std::optional<Reply> execute_admin(Engine& engine, Queue& queue, Request& request) {
  Controller& controller = *queue.controller;
  const Sqe& sqe = request.sqe;
  switch (sqe.opcode()) {
    case opcode::kGetLogPage:
      return get_log_page(engine, queue, sqe);
    case opcode::kIdentify:
      return identify(engine, queue, sqe);
    case opcode::kAbort:
      return abort(engine, controller, sqe);
    case opcode::kSetFeatures:
      return set_features(engine, controller, sqe, request.data);
    case opcode::kGetFeatures:
      return get_features(controller, sqe);
    case opcode::kAsyncEvent:
      return async_event_request(engine, controller, request);
    case opcode::kKeepAlive:
      return keep_alive(engine, controller);
    case opcode::kDim:
      if (controller.is_discovery()) return discovery_information(engine, controller, sqe, request.data);
      return Reply::refuse(status::kInvalidOpcode);
    case opcode::kNsAttachment:
      if (!controller.is_discovery()) return attach_namespace(engine, controller, sqe, request.data);
      return Reply::refuse(status::kInvalidOpcode);
    default:
      return Reply::refuse(status::kInvalidOpcode);
  }
}

}  // namespace stas::target
