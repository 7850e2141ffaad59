// SPDX-License-Identifier: Apache-2.0
//
// Authentication Send and Receive: the fabrics commands that carry DH-HMAC-CHAP messages.
#include "tests/target/core/commands.h"

namespace stas::target {
namespace {

/// Security protocol E9h with both specific bytes 1 is NVMe in-band authentication.
bool names_nvme_authentication(const Sqe& sqe) { return sqe.raw[41] == 1 && sqe.raw[42] == 1 && sqe.raw[43] == 0xE9; }

void count_outcome(Stats& stats, const AuthSession& session, bool authenticated_before) {
  if (session.is_authenticated() && !authenticated_before) ++stats.authenticated;
  if (session.has_failed()) ++stats.auth_failed;
}

}  // namespace

Reply authentication_send(Engine& engine, Queue& queue, const Sqe& sqe, View data) {
  if (queue.auth == nullptr) return Reply::refuse(status::kInvalidOpcode);
  if (!names_nvme_authentication(sqe) || get32(&sqe.raw[44]) != data.size()) {
    return Reply::refuse(status::kInvalidField);
  }
  // Keys may have been changed since the last exchange; a new one takes those of now.
  const Subsystem* subsystem = queue.controller->subsystem;
  const HostAuth& keys = subsystem == nullptr ? engine.model().discovery.auth : subsystem->config.auth;
  const auto it = keys.find(queue.controller->hostnqn);
  const bool begins = data.size() >= 2 && data[0] == 0 && data[1] == 0;
  if (begins) queue.auth->use(it == keys.end() ? AuthConfig{} : it->second);
  const bool before = queue.auth->is_authenticated();
  if (!queue.auth->take(data)) return Reply::refuse(status::kInvalidField);
  count_outcome(engine.stats(), *queue.auth, before);
  engine.watch_authentication(queue);
  return Reply::ok();
}

Reply authentication_receive(Engine& engine, Queue& queue, const Sqe& sqe) {
  if (queue.auth == nullptr) return Reply::refuse(status::kInvalidOpcode);
  const std::uint32_t room = get32(&sqe.raw[44]);
  if (!names_nvme_authentication(sqe) || room != sqe.sgl_length()) return Reply::refuse(status::kInvalidField);
  const bool before = queue.auth->is_authenticated();
  Bytes message = queue.auth->give();
  count_outcome(engine.stats(), *queue.auth, before);
  engine.watch_authentication(queue);
  if (message.size() > room) return Reply::refuse(status::kInvalidField);
  message.resize(room, 0);
  return Reply::with(std::move(message));
}

}  // namespace stas::target
