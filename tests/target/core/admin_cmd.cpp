// SPDX-License-Identifier: Apache-2.0
//
// Admin commands of both controller kinds: dispatch, Abort, Asynchronous Event Request, Keep Alive, DIM.
#include "tests/target/core/commands.h"

namespace stas::target {
namespace {

std::optional<Reply> async_event_request(Engine& engine, Controller& controller, const Sqe& sqe) {
  if (!controller.events.park(sqe.cid())) return Reply::refuse(status::kAerLimit);
  engine.deliver_events(controller);
  return std::nullopt;
}

/// Only Asynchronous Event Requests wait here, so only they can be aborted; bit 0 says "not aborted".
Reply abort(const Queue& queue, Controller& controller, const Sqe& sqe) {
  if ((sqe.cdw(10) & 0xFFFF) != 0) return Reply::ok(1);
  const auto cid = static_cast<std::uint16_t>(sqe.cdw(10) >> 16);
  if (!controller.events.abort(cid)) return Reply::ok(1);
  Completion aborted{.reply = {0, status::kAbortRequested, false, {}}, .cid = cid, .sqhd = queue.sqhd};
  queue.port->complete(std::move(aborted));
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

std::optional<Reply> execute_admin(Engine& engine, const Queue& queue, const Sqe& sqe, View data) {
  Controller& controller = *queue.controller;
  switch (sqe.opcode()) {
    case opcode::kGetLogPage:
      return get_log_page(engine, queue, sqe);
    case opcode::kIdentify:
      return identify(engine, controller, sqe);
    case opcode::kAbort:
      return abort(queue, controller, sqe);
    case opcode::kSetFeatures:
      return set_features(engine, controller, sqe, data);
    case opcode::kGetFeatures:
      return get_features(controller, sqe);
    case opcode::kAsyncEvent:
      return async_event_request(engine, controller, sqe);
    case opcode::kKeepAlive:
      return keep_alive(engine, controller);
    case opcode::kDim:
      if (controller.is_discovery()) return discovery_information(engine, controller, sqe, data);
      return Reply::refuse(status::kInvalidOpcode);
    default:
      return Reply::refuse(status::kInvalidOpcode);
  }
}

}  // namespace stas::target
