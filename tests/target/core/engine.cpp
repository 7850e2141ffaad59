// SPDX-License-Identifier: Apache-2.0
//
// Queues and their requests. Controllers and time are in engine_controllers.cpp, the administrator's operations in
// engine_admin.cpp and engine_storage.cpp.
#include "tests/target/core/engine.h"

#include "tests/target/core/commands.h"

namespace stas::target {

Queue& Engine::open_queue(Port& port, Origin origin) {
  auto queue = std::make_unique<Queue>();
  queue->key = next_key_++;
  queue->port = &port;
  queue->origin = std::move(origin);
  return *queues_.emplace(queue->key, std::move(queue)).first->second;
}

Queue* Engine::find_queue(std::uint64_t key) const {
  const auto it = queues_.find(key);
  return it == queues_.end() ? nullptr : it->second.get();
}

void Engine::close_queue(Queue& queue) {
  if (Controller* controller = queue.controller; controller != nullptr) {
    controller->queues.erase(queue.qid);
    queue.controller = nullptr;
    if (queue.qid == 0) drop(*controller);
  }
  timers_.cancel(queue.key);
  queues_.erase(queue.key);
}

void Engine::end_queue(Queue& queue) {
  if (queue.controller != nullptr) queue.controller->queues.erase(queue.qid);
  queue.controller = nullptr;
  queue.ended = true;
  queue.port->close();
}

/// What can be said of a command by its first 64 bytes.
std::optional<Reply> Engine::wrong_with(const Queue& queue, const Sqe& sqe) const {
  const bool connecting = sqe.is_fabrics() && sqe.fctype() == fctype::kConnect;
  const std::size_t most = queue.controller == nullptr ? kAdminCapsuleData : kMaxTransfer;
  if (queue.requests.contains(sqe.cid())) return Reply::refuse(status::kCidConflict);
  if (queue.controller == nullptr && !connecting) return Reply::refuse(status::kInvalidOpcode);
  // Room for every entry of the queue and for the events that a host keeps outstanding beside them.
  if (queue.requests.size() >= std::size_t{queue.sqsize} + kMaxAers + 1) return Reply::refuse(status::kInternal);
  if ((sqe.raw[1] & 0xC3) != 0x40) return Reply::refuse(status::kInvalidField);  // SGLs for data, not fused
  if (sqe.sgl_type() != sgl::kInCapsule && sqe.sgl_type() != sgl::kTransport) return Reply::refuse(status::kSglType);
  if (sqe.sgl_type() == sgl::kInCapsule && sqe.qword(6) != 0) return Reply::refuse(status::kInvalidField);  // ICDOFF
  if (sqe.direction() != Direction::none && sqe.sgl_length() > most) return Reply::refuse(status::kInvalidField);
  return std::nullopt;
}

bool Engine::admit(Queue& queue, const Sqe& sqe, Instant now) {
  if (queue.ended) return false;
  now_ = now;
  count(queue, sqe);
  if (const auto wrong = wrong_with(queue, sqe)) {
    Request unowned{.key = 0, .sqe = sqe};
    finish(queue, unowned, *wrong);
    return false;
  }
  queue.requests.emplace(sqe.cid(), Request{.key = next_key_++, .sqe = sqe});
  return true;
}

void Engine::refuse(Queue& queue, const Sqe& sqe, const Reply& reply) {
  const auto it = queue.requests.find(sqe.cid());
  if (!queue.ended && it != queue.requests.end()) finish(queue, it->second, reply);
}

void Engine::execute(Queue& queue, const Sqe& sqe, Bytes data, Instant now) {
  const auto it = queue.requests.find(sqe.cid());
  if (queue.ended || it == queue.requests.end()) return;
  now_ = now;
  Request& request = it->second;
  request.state = Request::State::executing;
  request.data = std::move(data);
  const RequestRef ref{queue.key, request.key, sqe.cid()};
  if (queue.controller != nullptr) queue.controller->bytes_in += request.data.size();
  if (!faults_.all().empty()) {
    const Occasion where = occasion(queue, sqe);
    if (faults_.strike(FaultKind::drop, where)) {
      request.state = Request::State::lost;
      return;
    }
    if (const auto fault = faults_.strike(FaultKind::status, where)) {
      Reply reply{.result = fault->result, .status = fault->status, .dnr = fault->dnr};
      reply.delay = fault->retry_delay;
      return finish(queue, request, std::move(reply));
    }
    if (faults_.strike(FaultKind::close, where)) return hand_over(queue, sqe.cid(), {.cid = sqe.cid(), .close = true});
    if (faults_.strike(FaultKind::garbage, where)) {
      return hand_over(queue, sqe.cid(), {.cid = sqe.cid(), .garbage = true});
    }
  }
  // A backend may have answered before this returns: the request is looked up again by its name.
  if (auto reply = dispatch(queue, request, ref)) complete(ref, std::move(*reply));
  if (!faults_.all().empty() && faults_.strike(FaultKind::inject_change, occasion(queue, sqe))) bump();
}

void Engine::complete(const RequestRef& ref, Reply reply) {
  Queue* queue = find_queue(ref.queue);
  if (queue == nullptr || queue->ended) return;
  const auto it = queue->requests.find(ref.cid);
  if (it != queue->requests.end() && it->second.key == ref.key) finish(*queue, it->second, std::move(reply));
}

bool Engine::abort(Queue& queue, std::uint16_t cid, std::uint16_t status) {
  const auto it = queue.requests.find(cid);
  if (it == queue.requests.end()) return false;
  Request& request = it->second;
  // What a backend works on, or the host still sends data for, is not taken back.
  if (request.state == Request::State::executing || request.state == Request::State::receiving) return false;
  if (request.state == Request::State::parked && queue.controller != nullptr) queue.controller->events.abort(cid);
  if (request.state == Request::State::delayed) {
    timers_.cancel(request.key);
    delayed_.erase(request.key);
  }
  request.state = Request::State::executing;
  finish(queue, request, Reply::retry(status));
  return true;
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

std::optional<Reply> Engine::dispatch(Queue& queue, Request& request, const RequestRef& ref) {
  const Sqe& sqe = request.sqe;
  const bool admin = queue.qid == 0;
  if (sqe.is_fabrics()) {
    const std::uint8_t type = sqe.fctype();
    if (type == fctype::kConnect) return connect(*this, queue, sqe, request.data);
    if (type == fctype::kAuthSend) return authentication_send(*this, queue, sqe, request.data);
    if (type == fctype::kAuthReceive) return authentication_receive(*this, queue, sqe);
    if (queue.must_authenticate()) return Reply::refuse(status::kAuthRequired);
    if (type == fctype::kPropertyGet && admin) return property_get(*this, queue, sqe);
    if (type == fctype::kPropertySet && admin) return property_set(*this, *queue.controller, sqe);
    if (type == fctype::kDisconnect && !admin) return disconnect(queue, sqe);
    return Reply::refuse(status::kInvalidOpcode);
  }
  if (queue.must_authenticate()) return Reply::refuse(status::kAuthRequired);
  if (!queue.controller->properties.is_ready()) return Reply::refuse(status::kSequenceError);
  if (!admin) return execute_io(*this, queue, request, ref);
  return execute_admin(*this, queue, request);
}

void Engine::count(Queue& queue, const Sqe& sqe) {
  const auto add = [&](CommandCounts& counts) {
    if (sqe.is_fabrics()) {
      ++counts.fabrics[sqe.fctype()];
    } else {
      ++(queue.qid != 0 ? counts.io : counts.admin)[sqe.opcode()];
    }
  };
  add(stats_.commands);
  if (queue.controller == nullptr) return;
  Controller& controller = *queue.controller;
  add(controller.counts);
  // Discovery controllers without keep-alive are dropped for silence: any command is a sign of life there. With
  // traffic-based keep-alive it is everywhere.
  const bool traffic = controller.is_discovery() ? model_.discovery.tbkas : controller.subsystem->config.tbkas;
  if (controller.kato_ms == 0 || traffic) controller.last_heard = now_;
}

void Engine::finish(Queue& queue, Request& request, Reply reply) {
  const Sqe sqe = request.sqe;
  Controller* controller = queue.controller;
  if (controller != nullptr) {
    controller->bytes_out += reply.data.size();
    const bool logged = reply.status != status::kSuccess && reply.status != status::kAbortRequested &&
                        !controller->is_discovery() && !sqe.is_fabrics();
    if (logged) {
      controller->errors.add(queue.qid, sqe, reply.status, reply.dnr);
      reply.more = true;
    }
  }
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
    if (!completion.reply.data.empty()) {
      completion.truncate = faults_.strike(FaultKind::truncate, where).has_value();
      if (const auto fault = faults_.strike(FaultKind::corrupt, where)) {
        completion.reply.data[fault->value % completion.reply.data.size()] ^= 0xFF;
      }
    }
    const auto fault = request.key == 0 ? std::nullopt : faults_.strike(FaultKind::delay, where);
    if (fault) {
      request.state = Request::State::delayed;
      request.held = std::move(completion);
      timers_.set(request.key, now_ + Millis(fault->delay_ms.value_or(100)));
      delayed_.emplace(request.key, RequestRef{queue.key, request.key, sqe.cid()});
      return;
    }
  }
  if (request.key == 0) return queue.port->complete(std::move(completion));
  hand_over(queue, sqe.cid(), std::move(completion));
}

void Engine::hand_over(Queue& queue, std::uint16_t cid, Completion completion) {
  queue.requests.erase(cid);
  queue.port->complete(std::move(completion));
}

}  // namespace stas::target
