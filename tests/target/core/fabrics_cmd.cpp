// SPDX-License-Identifier: Apache-2.0
//
// Fabrics commands: Connect for admin and I/O queues, Property Get and Set. Statuses and offsets of refusals are those
// a Linux host knows how to print.
#include <algorithm>
#include <memory>

#include "tests/target/core/commands.h"
#include "tests/target/core/nqn.h"

namespace stas::target {
namespace {

constexpr std::size_t kConnectDataSize = 1024;
constexpr std::uint16_t kDynamicCntlid = 0xFFFF;
constexpr std::uint64_t kInData = 1U << 16;  // IATTR of an invalid Connect parameter
constexpr std::uint64_t kAtQid = 42, kAtSqsize = 44;
constexpr std::uint64_t kAtCntlid = kInData | 16, kAtSubnqn = kInData | 256, kAtHostnqn = kInData | 512;

struct ConnectRequest {
  std::uint16_t qid;
  std::uint32_t sqsize;  ///< entries
  bool flow_control;
  std::uint32_t kato_ms;
  std::array<std::uint8_t, 16> hostid{};
  std::uint16_t cntlid;
  std::string subnqn;
  std::string hostnqn;
};

Reply invalid(std::uint64_t where) { return Reply::refuse(status::kConnectInvalid, where); }

/// Empty unless the field holds a NUL-terminated name of at least one byte.
std::string nqn_field(View field) {
  if (std::find(field.begin(), field.end(), 0) == field.end()) return {};
  return get_text(field);
}

ConnectRequest parse(const Sqe& sqe, View data) {
  ConnectRequest request{};
  request.qid = get16(&sqe.raw[42]);
  request.sqsize = get16(&sqe.raw[44]) + 1U;
  request.flow_control = (sqe.raw[46] & 4) == 0;
  request.kato_ms = get32(&sqe.raw[48]);
  std::copy_n(data.begin(), 16, request.hostid.begin());
  request.cntlid = get16(&data[16]);
  request.subnqn = nqn_field(data.subspan(256, 256));
  request.hostnqn = nqn_field(data.subspan(512, 256));
  return request;
}

void attach(Queue& queue, const ConnectRequest& request) {
  queue.qid = request.qid;
  queue.sqsize = static_cast<std::uint16_t>(request.sqsize);
  queue.flow_control = request.flow_control;
  queue.sqhd = 0;
}

std::uint32_t round_kato(std::uint32_t kato_ms, std::uint16_t kas) {
  if (kato_ms == 0) return 0;
  const std::uint64_t unit = kas * std::uint64_t{100};
  const std::uint64_t rounded = (kato_ms + unit - 1) / unit * unit;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(rounded, 0xFFFFFFFF));
}

/// The host is connected under another HOSTID.
bool is_elsewhere(const Engine& engine, const Subsystem& subsystem, const ConnectRequest& request) {
  const auto& all = engine.controllers();
  return std::any_of(all.begin(), all.end(), [&](const auto& entry) {
    const Controller& other = *entry.second;
    return other.subsystem == &subsystem && other.hostnqn == request.hostnqn && other.hostid != request.hostid;
  });
}

/// ATR, if the host has a key here.
std::uint64_t ask_for_authentication(const Model& model, Queue& queue, const Subsystem* subsystem,
                                     const ConnectRequest& request) {
  constexpr std::uint64_t kAuthenticationRequired = 1U << 17;
  const HostAuth& hosts = subsystem == nullptr ? model.discovery.auth : subsystem->config.auth;
  const auto it = hosts.find(request.hostnqn);
  if (it == hosts.end() || (request.qid != 0 && subsystem != nullptr && subsystem->config.auth_admin_only)) return 0;
  queue.auth = std::make_unique<AuthSession>(model.policy, it->second, request.hostnqn, request.subnqn);
  return kAuthenticationRequired;
}

Reply connect_admin(Engine& engine, Queue& queue, const Sqe& sqe, const ConnectRequest& request) {
  const Model& model = engine.model();
  const auto listener = model.listeners.find(queue.origin.listener);
  if (listener == model.listeners.end()) return Reply::refuse(status::kInternal);
  const ListenerConfig& port = listener->second.config;
  if (request.sqsize < 2 || request.sqsize > std::max<std::uint32_t>(port.queue_size, 32)) return invalid(kAtSqsize);
  if (request.cntlid != kDynamicCntlid) return invalid(kAtCntlid);

  if (model.policy.strict_nqns && flaw_of_nqn(request.hostnqn) != nullptr) return invalid(kAtHostnqn);
  const bool discovery = request.subnqn == kDiscoveryNqn || request.subnqn == model.discovery_nqn();
  Subsystem* subsystem = discovery ? nullptr : engine.find_subsystem(request.subnqn);
  const bool reachable = discovery
                             ? port.discovery
                             : subsystem != nullptr && subsystem->config.enabled && subsystem->config.is_on(port.id);
  if (!reachable) return invalid(kAtSubnqn);
  if (subsystem != nullptr && !subsystem->config.admits(request.hostnqn)) {
    return Reply::refuse(status::kInvalidHost, kAtHostnqn);
  }
  if (subsystem != nullptr && subsystem->config.one_hostid_per_host && is_elsewhere(engine, *subsystem, request)) {
    return Reply::refuse(status::kInvalidHost, kInData);
  }
  const auto cntlid = engine.allocate_cntlid(subsystem);
  if (!cntlid) return Reply::refuse(status::kBusy);

  const std::uint32_t version = discovery ? model.discovery.version : subsystem->config.version;
  const std::uint16_t kas = discovery ? model.discovery.kas : subsystem->config.kas;
  auto controller = std::make_unique<Controller>(Controller{.subsystem = subsystem,
                                                            .subnqn = request.subnqn,
                                                            .hostnqn = request.hostnqn,
                                                            .hostid = request.hostid,
                                                            .cntlid = *cntlid,
                                                            .origin = queue.origin,
                                                            .properties = {port.queue_size, version, !discovery}});
  controller->kato_ms = round_kato(request.kato_ms, kas);
  if (subsystem != nullptr) controller->features = subsystem->saved_features;
  attach(queue, request);
  const std::uint64_t authentication = ask_for_authentication(engine.model(), queue, subsystem, request);
  engine.add_controller(std::move(controller), queue);
  ++engine.stats().admin_connects;
  if (queue.auth != nullptr) engine.watch_authentication(queue);
  const bool lie = engine.faults().strike(FaultKind::wrong_cntlid, engine.occasion(queue, sqe)).has_value();
  return Reply::ok((lie ? (*cntlid ^ 1U) : *cntlid) | authentication);
}

Reply connect_io(Engine& engine, Queue& queue, const ConnectRequest& request) {
  const auto listener = engine.model().listeners.find(queue.origin.listener);
  if (listener == engine.model().listeners.end()) return Reply::refuse(status::kInternal);
  if (request.sqsize < 2 || request.sqsize > listener->second.config.queue_size) return invalid(kAtSqsize);
  const Subsystem* subsystem = engine.find_subsystem(request.subnqn);
  if (subsystem == nullptr) {
    const bool discovery = request.subnqn == kDiscoveryNqn || request.subnqn == engine.model().discovery_nqn();
    return invalid(discovery ? kAtQid : kAtSubnqn);
  }
  Controller* controller = engine.find_controller(subsystem, request.cntlid);
  // ANA states belong to listeners, so all queues of a controller come by the same one.
  const bool here = controller != nullptr && controller->origin.listener == queue.origin.listener;
  if (!here) return invalid(kAtCntlid);
  if (controller->hostnqn != request.hostnqn || controller->hostid != request.hostid) return invalid(kAtHostnqn);
  if (!controller->properties.is_ready()) return Reply::refuse(status::kSequenceError);
  const auto admin = controller->queues.find(0);
  if (admin != controller->queues.end() && admin->second->must_authenticate()) {
    return Reply::refuse(status::kAuthRequired);
  }
  const std::uint16_t limit =
      controller->granted_queues != 0 ? controller->granted_queues : subsystem->config.max_io_queues;
  if (request.qid > limit) return invalid(kAtQid);
  if (!controller->queues.emplace(request.qid, &queue).second) return Reply::refuse(status::kSequenceError);
  attach(queue, request);
  queue.controller = controller;
  const std::uint64_t authentication = ask_for_authentication(engine.model(), queue, subsystem, request);
  if (queue.auth != nullptr) engine.watch_authentication(queue);
  ++engine.stats().io_connects;
  return Reply::ok(controller->cntlid | authentication);
}

}  // namespace

Reply connect(Engine& engine, Queue& queue, const Sqe& sqe, View data) {
  const auto decide = [&]() -> Reply {
    if (queue.controller != nullptr) return Reply::refuse(status::kSequenceError);
    if (get16(&sqe.raw[40]) != 0) return Reply::refuse(status::kIncompatibleFormat);
    if (data.size() < kConnectDataSize) return Reply::refuse(status::kSglLength);
    const ConnectRequest request = parse(sqe, data);
    if (request.subnqn.empty()) return invalid(kAtSubnqn);
    if (request.hostnqn.empty()) return invalid(kAtHostnqn);
    // Behind TLS a host is who it has proven to be, and goes where its key is for.
    const Origin& origin = queue.origin;
    if (!origin.secure_host.empty() && origin.secure_host != request.hostnqn) {
      return Reply::refuse(status::kInvalidHost, kAtHostnqn);
    }
    if (!origin.secure_subnqn.empty() && origin.secure_subnqn != request.subnqn) return invalid(kAtSubnqn);
    return request.qid == 0 ? connect_admin(engine, queue, sqe, request) : connect_io(engine, queue, request);
  };
  Reply reply = decide();
  if (reply.status != status::kSuccess) ++engine.stats().refused_connects;
  return reply;
}

Reply property_get(Engine& engine, const Queue& queue, const Sqe& sqe) {
  constexpr std::uint32_t kCsts = 0x1C;
  const bool wide = (sqe.raw[40] & 7) == 1;
  const std::uint32_t offset = get32(&sqe.raw[44]);
  if ((sqe.raw[40] & 7) > 1) return Reply::refuse(status::kInvalidField);
  auto value = queue.controller->properties.read(offset, wide);
  if (!value) return Reply::refuse(status::kInvalidField);
  if (offset == kCsts && engine.faults().strike(FaultKind::stuck_csts, engine.occasion(queue, sqe))) *value &= ~1ULL;
  return Reply::ok(*value);
}

namespace {

/// CC.EN from 1 to 0: I/O queues cease to exist, so do the events asked for; features go back to what was saved.
void reset(Engine& engine, Controller& controller) {
  std::vector<Queue*> ending;
  for (const auto& [qid, queue] : controller.queues) {
    if (qid != 0) ending.push_back(queue);
  }
  for (Queue* queue : ending) engine.end_queue(*queue);
  Queue& admin = *controller.queues.at(0);
  std::erase_if(admin.requests, [](const auto& entry) { return entry.second.state == Request::State::parked; });
  controller.events.reset();
  controller.granted_queues = 0;
  controller.features = controller.is_discovery() ? FeatureValues{} : controller.subsystem->saved_features;
  controller.changed_namespaces.clear();
}

}  // namespace

Reply disconnect(Queue& queue, const Sqe& sqe) {
  if (get16(&sqe.raw[40]) != 0) return Reply::refuse(status::kIncompatibleFormat);
  // Nothing follows on this queue; the host hangs up after the answer, and the queue id is free at once.
  queue.controller->queues.erase(queue.qid);
  queue.controller = nullptr;
  queue.auth.reset();
  return Reply::ok();
}

Reply property_set(Engine& engine, Controller& controller, const Sqe& sqe) {
  const bool wide = (sqe.raw[40] & 7) == 1;
  if ((sqe.raw[40] & 7) > 1) return Reply::refuse(status::kInvalidField);
  switch (controller.properties.write(get32(&sqe.raw[44]), wide, get64(&sqe.raw[48]))) {
    case Properties::Effect::refused:
      return Reply::refuse(status::kInvalidField);
    case Properties::Effect::enabled:
      engine.arm_keep_alive(controller);
      break;
    case Properties::Effect::reset:
      reset(engine, controller);
      break;
    case Properties::Effect::shutdown:
    case Properties::Effect::none:
      break;
  }
  return Reply::ok();
}

}  // namespace stas::target
