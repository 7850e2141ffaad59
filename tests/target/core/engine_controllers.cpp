// SPDX-License-Identifier: Apache-2.0
//
// Controllers from Connect to their end, what time does to them and to delayed answers, and the events they are sent.
#include "tests/target/core/engine.h"

namespace stas::target {

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

void Engine::fail_controller(Controller& controller) { drop(controller); }

void Engine::advance(Instant now) {
  now_ = now;
  while (const auto key = timers_.pop_due(now)) fire(*key);
}

void Engine::fire(std::uint64_t key) {
  if (const auto delayed = delayed_.extract(key); !delayed.empty()) {
    const RequestRef& ref = delayed.mapped();
    Queue* queue = find_queue(ref.queue);
    if (queue == nullptr || queue->ended) return;
    const auto it = queue->requests.find(ref.cid);
    if (it == queue->requests.end() || it->second.key != ref.key) return;
    Completion held = std::move(it->second.held);
    return hand_over(*queue, ref.cid, std::move(held));
  }
  if (const auto it = controllers_.find(key); it != controllers_.end()) return expire(*it->second);
  // A queue that has not authenticated in time, or whose host was told that it has failed.
  if (Queue* queue = find_queue(key); queue != nullptr && queue->controller != nullptr) {
    if (queue->must_authenticate() || queue->auth->has_failed()) drop(*queue->controller);
  }
}

void Engine::watch_authentication(Queue& queue) {
  constexpr Millis kWithoutKeepAlive{120000}, kAfterFailure{1000};
  const Millis kato(queue.controller->kato_ms);
  if (queue.auth->has_failed()) {
    timers_.set(queue.key, now_ + kAfterFailure);
  } else if (queue.must_authenticate()) {
    timers_.set(queue.key, now_ + (kato.count() != 0 ? kato : kWithoutKeepAlive));
  } else {
    timers_.cancel(queue.key);
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

void Engine::deliver_events(Controller& controller) {
  const auto admin = controller.queues.find(0);
  if (admin == controller.queues.end()) return;
  Queue& queue = *admin->second;
  while (const auto delivery = controller.events.next()) {
    const auto it = queue.requests.find(delivery->cid);
    if (it == queue.requests.end()) continue;
    ++stats_.aens;
    finish(queue, it->second, Reply::ok(delivery->result));
  }
}

void Engine::discovery_changed(const HostFilter& concerned) {
  ++model_.genctr;
  for (const auto& [key, controller] : controllers_) {
    if (!controller->is_discovery()) continue;
    if (!controller->page.shows_everything() && !concerned(controller->hostnqn)) continue;
    controller->events.raise(Event::discovery_changed);
    deliver_events(*controller);
  }
}

void Engine::namespaces_changed(const Subsystem& subsystem, std::uint32_t nsid, const Controller* except) {
  for (const auto& [key, controller] : controllers_) {
    if (controller->subsystem != &subsystem || controller.get() == except) continue;
    if (controller->changed_namespaces.size() <= kMaxChangedNamespaces) controller->changed_namespaces.insert(nsid);
    controller->events.raise(Event::namespace_changed);
    deliver_events(*controller);
  }
}

void Engine::ana_changed(const Subsystem& subsystem, std::uint16_t listener) {
  for (const auto& [key, controller] : controllers_) {
    if (controller->subsystem != &subsystem || controller->origin.listener != listener) continue;
    controller->events.raise(Event::ana_changed);
    deliver_events(*controller);
  }
}

}  // namespace stas::target
