// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/host/user_plan.h"

#include <algorithm>

#include "libstas/core/config/key_format.h"
#include "libstas/core/identity/nqn.h"
#include "libstas/sys/host/libcrypto.h"

namespace stas {

namespace {

constexpr int kMaxKato = 86400;            // s
constexpr int kMaxReconnectDelay = 86400;  // s

Result<void> set_identity(nvme_tcp::SessionConfig& session, const Connect& order) {
  session.subsysnqn = order.tid.subsysnqn();
  session.hostnqn = order.host.nqn.empty() ? order.tid.host_nqn() : order.host.nqn;
  if (!is_usable_nqn(session.subsysnqn)) {
    return fail(ErrorKind::invalid_input, order.tid.to_string() + ": the subsystem NQN cannot be used");
  }
  if (!is_usable_nqn(session.hostnqn)) {
    return fail(ErrorKind::invalid_input, order.tid.to_string() + ": the host NQN cannot be used");
  }
  const auto hostid = parse_uuid(order.host.id);
  if (!hostid) return fail(ErrorKind::invalid_input, order.tid.to_string() + ": the host ID is not a UUID");
  session.hostid = *hostid;
  return {};
}

// One that is no key matters when the controller demands it, not before: the kernel's host does the same.
void set_secret(nvme_tcp::DhchapConfig& dhchap, nvme_tcp::DhchapSecret& secret, const Secret& text) {
  if (text.empty()) return;
  if (const auto key = dhchap_key(text.reveal())) {
    secret = {key->bytes, static_cast<nvme_tcp::DhchapHash>(key->hash)};
  } else {
    dhchap.flaw = dhchap_key_flaw(text.reveal());
  }
}

// A key of the controller's goes before that of the host.
void set_secrets(nvme_tcp::DhchapConfig& dhchap, const Connect& order) {
  dhchap.crypto = &libcrypto();
  set_secret(dhchap, dhchap.host, order.options.dhchap_secret.empty() ? order.host.key : order.options.dhchap_secret);
  set_secret(dhchap, dhchap.controller, order.options.dhchap_ctrl_secret);
}

void set_options(UserPlan& plan, const Connect& order) {
  const auto& options = order.options;
  auto& session = plan.session;
  plan.digests = {options.hdr_digest.value_or(false), options.data_digest.value_or(false)};
  session.disable_sqflow = options.disable_sqflow.value_or(false);
  session.io_queue_size = static_cast<std::uint16_t>(
      std::clamp(options.queue_size.value_or(session.io_queue_size), kMinQueueSize, kMaxQueueSize));
  session.nr_io_queues =
      static_cast<std::uint16_t>(std::clamp<int>(options.nr_io_queues.value_or(1), 1, nvme_tcp::kMaxIoQueues));
  session.kato =
      session.kind == ControllerKind::discovery ? std::chrono::seconds(kDefaultDiscoveryKato) : kDefaultIoKato;
  if (options.kato.value_or(0) > 0) session.kato = std::chrono::seconds(std::min(*options.kato, kMaxKato));
  if (options.reconnect_delay.value_or(0) > 0) {
    plan.reconnect_delay = std::chrono::seconds(std::min(*options.reconnect_delay, kMaxReconnectDelay));
  }
  if (!options.ctrl_loss_tmo) return;
  if (*options.ctrl_loss_tmo < 0) {
    plan.ctrl_loss_tmo.reset();
  } else {
    plan.ctrl_loss_tmo = std::chrono::seconds(*options.ctrl_loss_tmo);
  }
}

}  // namespace

Result<UserPlan> make_user_plan(const Connect& order, const nvme_tcp::Timeouts& timeouts) {
  if (const std::string why = obstacle(order.options); !why.empty())
    return fail(ErrorKind::invalid_input, order.tid.to_string() + ": cannot connect: " + why);
  if (wants_tls(order.options) || order.options.tls_concat.value_or(false))
    return fail(ErrorKind::not_supported, order.tid.to_string() + ": cannot connect: the user fabric has no TLS");
  UserPlan plan;
  plan.traddr = order.tid.traddr();
  plan.session.kind = order.kind;
  plan.session.timeouts = timeouts;
  switch (order.tid.transport()) {
    case Transport::tcp: {
      auto endpoint = tcp_endpoint_of(order.tid);
      if (!endpoint) return tl::unexpected(endpoint.error());
      plan.tcp = std::move(*endpoint);
      break;
    }
    case Transport::loop:
      break;
    case Transport::rdma:
    case Transport::fc:
      return fail(ErrorKind::not_supported,
                  order.tid.to_string() + ": the user fabric knows the transports tcp and loop only");
  }
  if (auto identity = set_identity(plan.session, order); !identity) return tl::unexpected(identity.error());
  set_secrets(plan.session.dhchap, order);
  set_options(plan, order);
  return plan;
}

std::string to_text(const UserPlan& plan) { return plan.tcp ? to_text(*plan.tcp) : "loop target"; }

}  // namespace stas
