// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/session.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "libstas/core/base/endian.h"

namespace stas::nvme_tcp {

namespace {

constexpr std::uint16_t kAdminQueueSize = 31;  // 0's based, as Linux asks for it
constexpr std::size_t kMaxNamespaces = 1024;   // entries of one list of active namespaces
constexpr auto kAenWindow = std::chrono::seconds(1);

std::string seconds_text(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

std::string type_text(std::uint8_t cntrltype) {
  switch (static_cast<ControllerType>(cntrltype)) {
    case ControllerType::io:
      return "an I/O controller";
    case ControllerType::discovery:
      return "a discovery controller";
    case ControllerType::admin:
      return "an administrative controller";
    case ControllerType::reserved:
      break;
  }
  return "a controller of type " + std::to_string(cntrltype);
}

}  // namespace

void Session::start(Instant now) {
  phase_ = Phase::starting;
  end_ = now + config_.timeouts.bring_up;
  open_until_ = now + config_.timeouts.exchange;
  orders_.emplace_back(OpenQueue{0});
}

void Session::queue_opened(std::uint16_t qid, Instant now) {
  if (phase_ != Phase::starting) return;
  if (qid == 0) {
    open_until_ = kNever;
    return send_connect(0, now);
  }
  // As Linux does: all queues are open before the first I/O Connect, so no association stays half made for long.
  if (++io_opened_ < io_queues_) return;
  open_until_ = kNever;
  send_connect(1, now);
}

void Session::queue_failed(const Error& error) { close(error); }

void Session::send(Step step, Command command, Instant deadline, std::uint16_t qid) {
  static constexpr std::string_view kNames[] = {"Connect",
                                                "Property Get CAP",
                                                "Property Set CC",
                                                "Property Get CSTS",
                                                "Property Get VS",
                                                "Identify",
                                                "Set Features (number of queues)",
                                                "Connect of an I/O queue",
                                                "Identify (active namespaces)",
                                                "Set Features (asynchronous events)",
                                                "Asynchronous Event Request",
                                                "Keep Alive",
                                                "Property Set CC (shutdown)",
                                                "Property Get CSTS (shutdown)"};
  Pending pending{step, deadline, qid, command.read_length, std::string(kNames[static_cast<std::size_t>(step)])};
  const auto token = next_token_++;
  pending_.emplace(token, std::move(pending));
  orders_.emplace_back(Submit{qid, token, std::move(command)});
}

void Session::completed(Completed done, Instant now) {
  auto node = pending_.extract(done.token);
  if (node.empty() || phase_ == Phase::closed) return;
  handle(node.mapped(), std::move(done.completion), now);
}

void Session::handle(const Pending& pending, Completion completion, Instant now) {
  const auto tolerated = [&] {
    switch (pending.step) {
      case Step::connect:
      case Step::connect_io:
      case Step::namespaces:
      case Step::events:
      case Step::event_request:
      case Step::keep_alive:
      case Step::request:
        return true;
      case Step::capabilities:
      case Step::enable:
      case Step::ready:
      case Step::version:
      case Step::identify:
      case Step::queue_count:
      case Step::shutdown:
      case Step::shutdown_poll:
        return false;
    }
    return false;
  };
  if (!completion.ok() && !tolerated()) return close(status_error(pending.what, completion));
  const auto until = now + config_.timeouts.exchange;
  switch (pending.step) {
    case Step::connect:
    case Step::connect_io:
      return on_connect(static_cast<std::uint16_t>(pending.request), completion, now);
    case Step::capabilities:
      return on_capabilities(completion, now);
    case Step::enable:
      return send(Step::ready, property_get(Property::csts), until);
    case Step::ready:
      return on_ready(completion, now);
    case Step::version:
      return send(Step::identify, nvme_tcp::identify(Cns::controller), until);
    case Step::identify:
      return on_identify(completion, now);
    case Step::queue_count:
      return on_queue_count(completion, now);
    case Step::namespaces:
      return on_namespaces(completion, now);
    case Step::events:
      // Without events the owner still polls: no reason to do without the controller.
      if (completion.ok()) request_event();
      return go_live();
    case Step::event_request:
      return on_event(completion, now);
    case Step::keep_alive:
      keep_alive_at_ = now + config_.kato / 2;
      return;
    case Step::shutdown:
      return send(Step::shutdown_poll, property_get(Property::csts), until);
    case Step::shutdown_poll:
      if (is_shutdown_complete(completion.dw0())) return close(std::nullopt);
      poll_at_ = now + config_.timeouts.poll;
      return;
    case Step::request:
      return answer(pending, std::move(completion));
  }
}

ConnectParameters Session::connect_parameters(std::uint16_t qid) const {
  ConnectParameters p;
  p.qid = qid;
  p.sqsize = qid == 0 ? kAdminQueueSize : static_cast<std::uint16_t>(max_entries_ - 1);
  p.disable_sqflow = config_.disable_sqflow;
  if (qid == 0) {
    p.kato_ms = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(config_.kato).count());
  }
  p.cntlid = cntlid_;
  p.hostid = config_.hostid;
  p.subsysnqn = config_.subsysnqn;
  p.hostnqn = config_.hostnqn;
  return p;
}

void Session::send_connect(std::uint16_t qid, Instant now) {
  send(qid == 0 ? Step::connect : Step::connect_io, connect_command(connect_parameters(qid)),
       now + config_.timeouts.exchange, qid);
}

void Session::on_connect(std::uint16_t qid, const Completion& completion, Instant now) {
  if (!completion.ok()) return close(connect_error(connect_parameters(qid), completion));
  if (demands_authentication(completion)) {
    return fail_with(ErrorKind::permission,
                     "the controller demands authentication, which the user fabric cannot do yet");
  }
  const auto until = now + config_.timeouts.exchange;
  if (qid == 0) {
    cntlid_ = static_cast<std::uint16_t>(completion.dw0());
    return send(Step::capabilities, property_get(Property::cap), until);
  }
  if (qid < io_queues_) return send_connect(static_cast<std::uint16_t>(qid + 1), now);
  send(Step::namespaces, nvme_tcp::identify(Cns::active_namespaces), until);
}

void Session::on_capabilities(const Completion& completion, Instant now) {
  constexpr auto kTimeoutUnit = std::chrono::milliseconds(500);
  const auto cap = completion.result;
  const Duration promised = kTimeoutUnit * std::max<std::uint64_t>((cap >> 24U) & 0xFFU, 1);
  ready_until_ = now + std::min(promised, config_.timeouts.ready);
  max_entries_ = std::min<std::uint32_t>(static_cast<std::uint32_t>(cap & 0xFFFFU) + 1, config_.io_queue_size);
  cc_ = kCcEntrySizes | kCcEnable | ((cap & kCapCommandSets) != 0 ? kCcAllCommandSets : 0);
  send(Step::enable, property_set(Property::cc, cc_), now + config_.timeouts.exchange);
}

void Session::on_ready(const Completion& completion, Instant now) {
  const auto csts = completion.dw0();
  if ((csts & kCstsFatal) != 0) {
    return fail_with(ErrorKind::protocol, "the controller reports a fatal error (CSTS.CFS)");
  }
  if ((csts & kCstsReady) == 0) {
    if (now >= ready_until_) return fail_with(ErrorKind::timed_out, "the controller does not become ready (CSTS.RDY)");
    poll_at_ = now + config_.timeouts.poll;
    return;
  }
  if (config_.kato > Duration::zero()) keep_alive_at_ = now + config_.kato / 2;
  send(Step::version, property_get(Property::vs), now + config_.timeouts.exchange);
}

void Session::on_identify(const Completion& completion, Instant now) {
  auto identity = parse_identify_controller(completion.data);
  if (!identity) return close(identity.error());
  identity_ = std::move(*identity);
  if (identity_.cntlid != cntlid_) {
    return fail_with(ErrorKind::protocol, "Connect gave controller ID " + std::to_string(cntlid_) +
                                              " but Identify says " + std::to_string(identity_.cntlid));
  }
  // Controllers older than NVMe 1.4 leave the type at 0: then the one that was asked for is believed.
  const bool discovery = config_.kind == ControllerKind::discovery;
  const auto wanted = discovery ? ControllerType::discovery : ControllerType::io;
  const auto type = static_cast<ControllerType>(identity_.cntrltype);
  if (type != ControllerType::reserved && type != wanted) {
    return fail_with(ErrorKind::refused, config_.subsysnqn + " is " + type_text(identity_.cntrltype) + ", not " +
                                             type_text(static_cast<std::uint8_t>(wanted)));
  }
  if (discovery) return enable_events(now);
  if (identity_.maxcmd != 0) max_entries_ = std::min<std::uint32_t>(max_entries_, identity_.maxcmd);
  max_entries_ = std::max<std::uint32_t>(max_entries_, 2);
  io_queues_ = std::clamp<std::uint16_t>(config_.nr_io_queues, 1, kMaxIoQueues);
  const std::uint32_t count = io_queues_ - 1U;
  send(Step::queue_count, set_feature(Feature::queue_count, count << 16U | count), now + config_.timeouts.exchange);
}

void Session::on_queue_count(const Completion& completion, Instant now) {
  const auto granted = std::min(completion.dw0() & 0xFFFFU, completion.dw0() >> 16U) + 1;
  io_queues_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(io_queues_, granted));
  open_until_ = now + config_.timeouts.exchange;
  for (std::uint16_t qid = 1; qid <= io_queues_; ++qid) orders_.emplace_back(OpenQueue{qid});
}

void Session::on_namespaces(const Completion& completion, Instant now) {
  if (completion.ok() && completion.data.size() == kIdentifySize) {
    for (std::size_t i = 0; i < kMaxNamespaces; ++i) {
      const auto nsid = get_le<std::uint32_t>(completion.data, i * 4);
      if (nsid == 0) break;
      namespaces_.push_back(nsid);
    }
  }
  enable_events(now);
}

void Session::enable_events(Instant now) {
  const auto wanted = config_.kind == ControllerKind::discovery
                          ? kEventDiscovery
                          : kEventNamespaces | kEventFirmware | kEventAna | kEventDiscovery;
  const auto events = identity_.oaes & wanted;
  if (events == 0) return go_live();
  send(Step::events, set_feature(Feature::asynchronous_events, events), now + config_.timeouts.exchange);
}

void Session::go_live() {
  phase_ = Phase::live;
  end_ = kNever;
  events_.emplace_back(Live{});
}

void Session::request_event() { send(Step::event_request, asynchronous_event_request(), kNever); }

void Session::on_event(const Completion& completion, Instant now) {
  if (!completion.ok() || phase_ == Phase::stopping) return;
  events_.emplace_back(Aen{completion.dw0()});
  if (now - aen_window_ >= kAenWindow) {
    aen_window_ = now;
    aens_in_window_ = 0;
  }
  if (++aens_in_window_ < kMaxAensPerSecond) return request_event();
  aer_at_ = aen_window_ + kAenWindow;
}

void Session::request(std::uint64_t request, std::string what, Command command, Instant now) {
  const auto open = std::count_if(pending_.begin(), pending_.end(),
                                  [](const auto& item) { return item.second.step == Step::request; });
  if (phase_ != Phase::live) {
    events_.emplace_back(Answered{request, fail(ErrorKind::closed, what + ": the controller is not live")});
    return;
  }
  if (static_cast<std::size_t>(open) >= kMaxRequests) {
    events_.emplace_back(Answered{request, fail(ErrorKind::busy, what + ": too many requests are waiting")});
    return;
  }
  const auto token = next_token_++;
  pending_.emplace(
      token, Pending{Step::request, now + config_.timeouts.exchange, request, command.read_length, std::move(what)});
  orders_.emplace_back(Submit{0, token, std::move(command)});
}

void Session::answer(const Pending& pending, Completion completion) {
  if (!completion.ok()) {
    events_.emplace_back(Answered{pending.request, tl::unexpected(status_error(pending.what, completion))});
  } else if (completion.data.size() != pending.read_length) {
    events_.emplace_back(Answered{
        pending.request,
        fail(ErrorKind::protocol, pending.what + ": the controller returned " + std::to_string(completion.data.size()) +
                                      " bytes instead of " + std::to_string(pending.read_length))});
  } else {
    events_.emplace_back(Answered{pending.request, std::move(completion)});
  }
}

void Session::shutdown(Instant now) {
  if (phase_ == Phase::stopping || phase_ == Phase::closed) return;
  if (phase_ != Phase::live) return close(std::nullopt);
  phase_ = Phase::stopping;
  end_ = now + config_.timeouts.shutdown;
  keep_alive_at_ = aer_at_ = kNever;
  for (const auto& [token, pending] : pending_) {
    if (pending.step != Step::request) continue;
    events_.emplace_back(
        Answered{pending.request, fail(ErrorKind::cancelled, pending.what + ": the controller is being disconnected")});
  }
  pending_.clear();
  send(Step::shutdown, property_set(Property::cc, cc_ | kCcShutdownNormal), end_);
}

void Session::fail_with(ErrorKind kind, std::string text) { close(Error{kind, 0, std::move(text)}); }

void Session::close(std::optional<Error> error) {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::stopping) error.reset();  // it was asked to end
  phase_ = Phase::closed;
  open_until_ = end_ = ready_until_ = poll_at_ = keep_alive_at_ = aer_at_ = kNever;
  orders_.clear();
  for (const auto& [token, pending] : std::exchange(pending_, {})) {
    if (pending.step != Step::request) continue;
    auto reason = error.value_or(Error{ErrorKind::cancelled, 0, "the controller is being disconnected"});
    reason.text = pending.what + ": " + reason.text;
    events_.emplace_back(Answered{pending.request, tl::unexpected(std::move(reason))});
  }
  events_.emplace_back(Closed{std::move(error)});
}

void Session::advance(Instant now) {
  if (phase_ == Phase::idle || phase_ == Phase::closed) return;
  if (now >= open_until_) {
    return fail_with(ErrorKind::timed_out,
                     "no NVMe/TCP connection within " + seconds_text(config_.timeouts.exchange) + " (no ICResp)");
  }
  const auto late =
      std::find_if(pending_.begin(), pending_.end(), [now](const auto& item) { return now >= item.second.deadline; });
  if (late != pending_.end()) {
    const auto& pending = late->second;
    const auto waited = pending.step == Step::keep_alive ? config_.kato : config_.timeouts.exchange;
    return fail_with(ErrorKind::timed_out, "no answer to " + pending.what + " within " + seconds_text(waited));
  }
  if (now >= end_) {
    return fail_with(ErrorKind::timed_out, "not live within " + seconds_text(config_.timeouts.bring_up));
  }
  const auto until = now + config_.timeouts.exchange;
  if (now >= poll_at_) {
    poll_at_ = kNever;
    send(phase_ == Phase::stopping ? Step::shutdown_poll : Step::ready, property_get(Property::csts), until);
  }
  if (now >= keep_alive_at_) {
    keep_alive_at_ = kNever;
    send(Step::keep_alive, keep_alive(), now + config_.kato);
  }
  if (now >= aer_at_) {
    aer_at_ = kNever;
    request_event();
  }
}

Instant Session::deadline() const {
  auto earliest = std::min({open_until_, end_, poll_at_, keep_alive_at_, aer_at_});
  for (const auto& [token, pending] : pending_) earliest = std::min(earliest, pending.deadline);
  return earliest;
}

std::vector<Session::Order> Session::take_orders() { return std::exchange(orders_, {}); }

std::vector<Session::Event> Session::take_events() { return std::exchange(events_, {}); }

}  // namespace stas::nvme_tcp
