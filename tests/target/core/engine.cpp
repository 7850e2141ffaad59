// SPDX-License-Identifier: Apache-2.0
//
// Queues, controllers and time. The administrator's operations are in engine_admin.cpp.
#include "tests/target/core/engine.h"

#include <algorithm>

#include "tests/target/core/commands.h"

namespace stas::target {

Queue& Engine::open_queue(Port& port, Origin origin) {
  auto queue = std::make_unique<Queue>();
  queue->key = next_key_++;
  queue->port = &port;
  queue->origin = std::move(origin);
  return *queues_.emplace(queue->key, std::move(queue)).first->second;
}

void Engine::close_queue(Queue& queue) {
  if (Controller* controller = queue.controller; controller != nullptr) {
    controller->queues.erase(queue.qid);
    queue.controller = nullptr;
    if (queue.qid == 0) drop(*controller);
  }
  queues_.erase(queue.key);
}

bool Engine::admit(Queue& queue, const Sqe& sqe) {
  if (queue.ended) return false;
  const bool connecting = sqe.is_fabrics() && sqe.fctype() == fctype::kConnect;
  std::uint16_t wrong = status::kSuccess;
  if (queue.controller == nullptr && !connecting) {
    wrong = status::kInvalidOpcode;
  } else if ((sqe.raw[1] & 0xC3) != 0x40) {  // SGLs for data, not fused
    wrong = status::kInvalidField;
  } else if (sqe.sgl_type() != sgl::kInCapsule && sqe.sgl_type() != sgl::kTransport) {
    wrong = status::kSglType;
  } else if (sqe.sgl_type() == sgl::kInCapsule && sqe.qword(6) != 0) {  // ICDOFF is 0
    wrong = status::kInvalidField;
  } else if (sqe.direction() != Direction::none && sqe.sgl_length() > kMaxTransfer) {
    wrong = status::kInvalidField;
  }
  if (wrong == status::kSuccess) return true;
  count(queue, sqe);
  finish(queue, sqe, Reply::refuse(wrong));
  return false;
}

void Engine::refuse(Queue& queue, const Sqe& sqe, const Reply& reply) {
  if (queue.ended) return;
  count(queue, sqe);
  finish(queue, sqe, reply);
}

void Engine::execute(Queue& queue, const Sqe& sqe, Bytes data, Instant now) {
  if (queue.ended) return;
  now_ = now;
  count(queue, sqe);
  if (queue.controller != nullptr) {
    ++queue.controller->commands;
    // Discovery controllers without keep-alive are dropped for silence: any command is a sign of life there.
    if (queue.controller->kato_ms == 0) queue.controller->last_heard = now;
  }
  const Occasion where = occasion(queue, sqe);
  if (faults_.strike(FaultKind::drop, where)) return;
  if (const auto fault = faults_.strike(FaultKind::status, where)) {
    finish(queue, sqe, {fault->result, fault->status, fault->dnr, {}});
    return;
  }
  const bool answered_by_fault = std::any_of(faults_.all().begin(), faults_.all().end(), [](const Fault& fault) {
    return fault.command && (fault.kind == FaultKind::close || fault.kind == FaultKind::garbage);
  });
  if (answered_by_fault) {
    Completion completion{.reply = {}, .cid = sqe.cid()};
    completion.close = faults_.strike(FaultKind::close, where).has_value();
    completion.garbage = !completion.close && faults_.strike(FaultKind::garbage, where).has_value();
    if (completion.close || completion.garbage) return queue.port->complete(std::move(completion));
  }
  if (auto reply = dispatch(queue, sqe, data)) finish(queue, sqe, std::move(*reply));
  if (faults_.strike(FaultKind::inject_change, occasion(queue, sqe))) bump();
}

Occasion Engine::occasion(const Queue& queue, const Sqe& sqe) const {
  Occasion where;
  where.listener = queue.origin.listener;
  if (queue.controller != nullptr) where.hostnqn = queue.controller->hostnqn;
  where.io_queue = queue.qid != 0;
  where.command = name_of(sqe);
  if (queue.qid == 0 && sqe.opcode() == opcode::kGetLogPage) where.lid = sqe.raw[40];
  return where;
}

std::optional<Reply> Engine::dispatch(Queue& queue, const Sqe& sqe, Bytes& data) {
  if (sqe.is_fabrics()) {
    switch (sqe.fctype()) {
      case fctype::kConnect:
        return connect(*this, queue, sqe, data);
      case fctype::kPropertyGet:
        return queue.qid == 0 ? property_get(*this, queue, sqe) : Reply::refuse(status::kInvalidOpcode);
      case fctype::kPropertySet:
        return queue.qid == 0 ? property_set(*this, *queue.controller, sqe) : Reply::refuse(status::kInvalidOpcode);
      default:
        return Reply::refuse(status::kInvalidOpcode);
    }
  }
  if (!queue.controller->properties.is_ready()) return Reply::refuse(status::kSequenceError);
  if (queue.qid != 0) return execute_io(*queue.controller, sqe, data);
  return execute_admin(*this, queue, sqe, data);
}

void Engine::count(const Queue& queue, const Sqe& sqe) {
  if (sqe.is_fabrics()) {
    ++stats_.fabrics_commands[sqe.fctype()];
  } else if (queue.qid != 0) {
    ++stats_.io_commands[sqe.opcode()];
  } else {
    ++stats_.admin_commands[sqe.opcode()];
  }
}

void Engine::finish(Queue& queue, const Sqe& sqe, Reply reply) {
  Completion completion{.reply = std::move(reply), .cid = sqe.cid()};
  if (queue.flow_control && queue.sqsize > 0) {
    queue.sqhd = static_cast<std::uint16_t>((queue.sqhd + 1) % queue.sqsize);
    completion.sqhd = queue.sqhd;
  } else if (!queue.flow_control) {
    completion.sqhd = 0xFFFF;
  }
  if (!faults_.all().empty()) {
    const Occasion where = occasion(queue, sqe);
    if (faults_.strike(FaultKind::wrong_cid, where)) completion.cid ^= 0x0555;
    completion.damage_header_digest = faults_.strike(FaultKind::bad_hdgst, where).has_value();
    completion.damage_data_digest = faults_.strike(FaultKind::bad_ddgst, where).has_value();
    if (const auto fault = faults_.strike(FaultKind::delay, where)) {
      const auto key = next_key_++;
      timers_.set(key, now_ + Millis(fault->delay_ms.value_or(100)));
      delayed_.emplace(key, Delayed{queue.key, std::move(completion)});
      return;
    }
  }
  queue.port->complete(std::move(completion));
}

void Engine::advance(Instant now) {
  now_ = now;
  while (const auto key = timers_.pop_due(now)) {
    if (auto delayed = delayed_.extract(*key); !delayed.empty()) {
      const auto queue = queues_.find(delayed.mapped().queue);
      if (queue == queues_.end() || queue->second->ended) continue;
      queue->second->port->complete(std::move(delayed.mapped().completion));
    } else if (const auto it = controllers_.find(*key); it != controllers_.end()) {
      expire(*it->second);
    }
  }
}

/// The timer is armed lazily: a sign of life only moves last_heard, and this looks whether it moved far enough.
void Engine::expire(Controller& controller) {
  const bool keep_alive = controller.kato_ms != 0;
  const auto allowed = Millis(keep_alive ? controller.kato_ms : model_.discovery.idle_timeout_ms);
  if (controller.last_heard + allowed > now_) return timers_.set(controller.key, controller.last_heard + allowed);
  ++(keep_alive ? stats_.kato_expired : stats_.idle_expired);
  drop(controller);
}

void Engine::arm_keep_alive(Controller& controller) {
  controller.last_heard = now_;
  timers_.cancel(controller.key);
  if (controller.kato_ms != 0) {
    timers_.set(controller.key, now_ + Millis(controller.kato_ms));
  } else if (controller.is_discovery()) {
    timers_.set(controller.key, now_ + Millis(model_.discovery.idle_timeout_ms));
  }
}

std::optional<std::uint16_t> Engine::allocate_cntlid(const Subsystem* subsystem) {
  const std::uint32_t low = subsystem != nullptr ? subsystem->config.cntlid_min : 1;
  const std::uint32_t high = subsystem != nullptr ? subsystem->config.cntlid_max : 0xFFEF;
  CntlidPool& pool = cntlids_[subsystem];
  const std::uint32_t count = high - low + 1;
  if (pool.used.size() >= count) return std::nullopt;
  for (;;) {
    const auto id = static_cast<std::uint16_t>(low + pool.next);
    pool.next = (pool.next + 1) % count;
    if (pool.used.insert(id).second) return id;
  }
}

Controller& Engine::add_controller(std::unique_ptr<Controller> controller, Queue& admin) {
  controller->key = next_key_++;
  Controller& added = *controllers_.emplace(controller->key, std::move(controller)).first->second;
  by_cntlid_[{added.subsystem, added.cntlid}] = &added;
  added.queues[0] = &admin;
  admin.controller = &added;
  arm_keep_alive(added);
  return added;
}

Controller* Engine::find_controller(const Subsystem* subsystem, std::uint16_t cntlid) const {
  const auto it = by_cntlid_.find({subsystem, cntlid});
  return it == by_cntlid_.end() ? nullptr : it->second;
}

Subsystem* Engine::find_subsystem(const std::string& nqn) {
  const auto it = model_.subsystems.find(nqn);
  return it == model_.subsystems.end() ? nullptr : it->second.get();
}

/// Outstanding commands get no completion: over TCP the closed connections say enough.
void Engine::drop(Controller& controller) {
  controller.properties.fail();
  for (const auto& [qid, queue] : controller.queues) {
    queue->controller = nullptr;
    queue->ended = true;
    queue->port->close();
  }
  timers_.cancel(controller.key);
  by_cntlid_.erase({controller.subsystem, controller.cntlid});
  cntlids_[controller.subsystem].used.erase(controller.cntlid);
  controllers_.erase(controller.key);
}

void Engine::drop_if(const std::function<bool(const Controller&)>& hit) {
  for (auto it = controllers_.begin(); it != controllers_.end();) {
    Controller& controller = *it->second;
    ++it;
    if (hit(controller)) drop(controller);
  }
}

void Engine::deliver_events(Controller& controller) {
  const auto admin = controller.queues.find(0);
  if (admin == controller.queues.end()) return;
  Queue& queue = *admin->second;
  while (const auto delivery = controller.events.next()) {
    ++stats_.aens;
    Sqe request;
    request.raw[0] = opcode::kAsyncEvent;
    put16(&request.raw[2], delivery->cid);
    finish(queue, request, Reply::ok(delivery->result));
  }
}

void Engine::discovery_changed(const HostFilter& concerned) {
  ++model_.genctr;
  for (const auto& [key, controller] : controllers_) {
    if (!controller->is_discovery() || !concerned(controller->hostnqn)) continue;
    controller->events.raise(Event::discovery_changed);
    deliver_events(*controller);
  }
}

void Engine::namespaces_changed(const Subsystem& subsystem, std::uint32_t nsid) {
  for (const auto& [key, controller] : controllers_) {
    if (controller->subsystem != &subsystem) continue;
    if (controller->changed_namespaces.size() <= kMaxChangedNamespaces) controller->changed_namespaces.insert(nsid);
    controller->events.raise(Event::namespace_changed);
    deliver_events(*controller);
  }
}

}  // namespace stas::target
